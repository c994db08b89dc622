# The functions of nixpkgs' lib that the flake calls. A file set is a predicate over paths here.
{
  versions.majorMinor =
    version:
    let
      parts = builtins.splitVersion version;
    in
    "${builtins.elemAt parts 0}.${builtins.elemAt parts 1}";

  makeBinPath = packages: builtins.concatStringsSep ":" (map (package: "${package}/bin") packages);

  licenses = {
    mit.spdxId = "MIT";
    asl20.spdxId = "Apache-2.0";
  };

  fileset =
    let
      isBelow =
        folder: path:
        path == toString folder
        || builtins.substring 0 (builtins.stringLength "${toString folder}/") path == "${toString folder}/";
      existing = path: if builtins.pathExists path then path else throw "${toString path} does not exist";
      predicate = set: if builtins.isFunction set then set else isBelow (existing set);
    in
    {
      fileFilter =
        keep: folder: path:
        isBelow (existing folder) path
        && keep rec {
          name = baseNameOf path;
          hasExt = extension: builtins.match ".*\\.${extension}" name != null;
        };
      unions = sets: path: builtins.any (set: set path) (map predicate sets);
      toSource =
        { root, fileset }:
        builtins.path {
          name = "source";
          path = root;
          filter = path: type: type == "directory" || fileset path;
        };
    };
}
