# packages.sh PACKAGE...: installs packages into a runtime base. The result is reproducible: lists and logs are removed, and
# all files that the installation wrote get a fixed time.
set -eu
touch /tmp/before
if command -v apt-get >/dev/null; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -qq -y --no-install-recommends "$@"
  apt-get clean
elif command -v apk >/dev/null; then
  # Its find compares only whole seconds.
  sleep 1
  apk add --no-cache --no-progress "$@"
else
  echo "error: this base has neither apt-get nor apk: name one that has, or leave its packages out of bakehouse.toml" >&2
  exit 1
fi
rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/ldconfig/aux-cache /var/log/apt /var/log/dpkg.log /var/log/alternatives.log
find / -xdev -newer /tmp/before -exec touch -h -d @0 {} +
