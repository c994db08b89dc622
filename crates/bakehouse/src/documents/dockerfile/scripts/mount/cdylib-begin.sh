# Compiles a shared library as mount.sh compiles a binary: in a target folder that a cache mount keeps. Puts it below
# /dist/image at its path in the image.
#
#   mount-cdylib.sh PACKAGE FILE <CLOSURE    a line for each package, as for mount.sh
set -eu
