# Puts what this builder compiled into an image, from which `fill.sh` fills the cache mounts of an empty one: third-party
# crates are in /deps/out, what later steps compiled is in /seed.
set -eu
mkdir -p /deps/out/target /seed
if [ -d /kept ]; then
  find /kept -mindepth 1 -maxdepth 1 -type d ! -name '*.*' -exec cp -a -t /seed {} +
else
  cd /build/target
  exec 9>>lock; flock 9 2>/dev/null || true
  cp -a . /deps/out/target
fi
