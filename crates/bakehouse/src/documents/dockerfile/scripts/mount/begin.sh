# Compiles a binary in a target folder that a cache mount keeps, puts it below /dist/image at its path in the image, and
# checks that it runs on its bases.
#
#   mount.sh BINARY <CLOSURE    a line for each package: PACKAGE | FILE... | VARIABLE... | NEEDED PACKAGE...
#
# Cargo compares times, but the mount outlives the files that were compiled in it. So all files get the same time. A package
# has a sum over its files and the sums of the packages that it needs. If the sum has changed, its outputs are removed.
set -eu
export BAKEHOUSE_BIN="$1"
