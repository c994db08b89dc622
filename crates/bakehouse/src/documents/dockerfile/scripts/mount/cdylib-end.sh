# Cargo would compile the empty libraries of other packages that are named to it.
grep '^bin ' /skeleton/stubs.txt | while read -r _ package file; do
  grep -q "^$package |" /tmp/closure || sed -i 's/^\[lib\]$/[[bin]]/' "${file%src/lib.rs}Cargo.toml"
done
compile -p "$1" --lib
cp -a /tmp/sums/. target/sums/
. /run/shared.sh
place "$built/$outputs/$2" "$2" /dist/image
