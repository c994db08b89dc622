//! A base image with an older C library than the builder.

use bakehouse_testkit::{Workspace, engine};

use crate::tiny::BASES;

/// Creates a base with the loader of bookworm, and with a file named like its C library that has nothing newer than
/// glibc 2.`newest`. Returns the image's name, which is that of the image `name` of `workspace`.
#[track_caller]
pub fn make(workspace: &Workspace, name: &str, newest: u32) -> String {
    let builder = BASES[0];
    let versions: String = (2..=newest)
        .map(|minor| match minor {
            2 => "GLIBC_2.2.5 { };".to_owned(),
            3 => "GLIBC_2.3 { } GLIBC_2.2.5;".to_owned(),
            _ => format!("GLIBC_2.{minor} {{ }} GLIBC_2.{};", minor - 1),
        })
        .collect::<Vec<_>>()
        .join("\\n");
    let dockerfile = format!(
        "FROM {builder} AS made\n\
         RUN printf '{versions}\\n' >/map && : >/libc.c && mkdir /lib-of && \\\n\
         gcc -shared -nostdlib -o /lib-of/libc.so.6 -Wl,-soname,libc.so.6 -Wl,--version-script=/map /libc.c && \\\n\
         mkdir /loader && cp -L /lib64/ld-linux-x86-64.so.2 /loader/\n\
         FROM scratch\n\
         COPY --from=made /lib-of/ /usr/lib/x86_64-linux-gnu/\n\
         COPY --from=made /loader/ /usr/lib64/\n"
    );
    let image = workspace.images.name(name);
    engine::image(&image, &dockerfile);
    image
}
