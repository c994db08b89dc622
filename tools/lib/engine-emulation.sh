# shellcheck shell=bash
# Runs linux/arm64 containers on an engine of another architecture, with Debian's qemu.

binfmt=/proc/sys/fs/binfmt_misc

emulation_up() {
    if [[ -e $binfmt/qemu-aarch64 || $(uname -m) == aarch64 ]]; then
        say "containers of linux/arm64: already supported"
        return
    fi
    need_root "an emulation of linux/arm64" "have qemu-aarch64 registered with binfmt_misc"
    need_program qemu-aarch64-static qemu-user-static
    need_program update-binfmts binfmt-support
    [[ -e $binfmt/register ]] || mount -t binfmt_misc binfmt_misc "$binfmt"
    step "containers of linux/arm64: registering qemu" quietly update-binfmts --enable qemu-aarch64
    [[ -e $binfmt/qemu-aarch64 ]] || fail "qemu-aarch64 is not registered" "see 'update-binfmts --display qemu-aarch64'"
    touch "$state/emulation"
}

emulation_down() {
    [[ -e $state/emulation ]] || return 0
    say "containers of linux/arm64: no longer registered"
    update-binfmts --disable qemu-aarch64 || true
    rm -f "$state/emulation"
}
