# programs.sh {PROGRAM KEY TRIPLE}...: checks, before anything is compiled, for the programs that Cargo's configuration needs.
# TRIPLE is the platform of the builder that needs the program, or * for any.
set -eu
host=$(rustc -vV | sed -n 's/^host: //p')
while [ $# -gt 0 ]; do
  if [ "$3" = '*' ] || [ "$3" = "$host" ]; then
    command -v "$1" >/dev/null || {
      echo "error: $2 in Cargo's configuration asks for $1, and BUILDER_BASE has none; add its package to bases.packages in bakehouse.toml, or name another base with bases.builder" >&2
      exit 1
    }
  fi
  shift 3
done
