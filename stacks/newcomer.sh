#!/usr/bin/env bash
# Plays a newcomer who has the program given and reads stacks/CONNECT.md: every
# command in a block marked `sh` is run as it stands there, one after another, in
# a directory with nothing but the cases and the toy. A command ends with 0, or as
# the comment behind it says. Prints what each took.
set -u
tcpspec=$(realpath "$1")
root=$(realpath "$(dirname "$0")/..")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir/bin" "$dir/checkout/stacks"
ln -s "$tcpspec" "$dir/bin/tcpspec"
cp -r "$root/cases" "$dir/checkout/cases"
cp -r "$root/stacks/toy" "$dir/checkout/stacks/toy"
PATH=$dir/bin:$PATH
cd "$dir/checkout" || exit 1

now() { echo "${EPOCHREALTIME/[.,]/}"; } # microseconds
seconds() { printf '%d.%03d' $(($1 / 1000000)) $(($1 / 1000 % 1000)); }

mapfile -t commands < <(awk '/^```sh$/ { on = 1; next } /^```/ { on = 0 } on' "$root/stacks/CONNECT.md")
[ "${#commands[@]}" -gt 0 ] || { echo "stacks/CONNECT.md has no commands"; exit 1; }
start=$(now)
verdict=
for command in "${commands[@]}"; do
	due=0
	[[ $command =~ \#\ ends\ with\ ([0-9]+)$ ]] && due=${BASH_REMATCH[1]}
	before=$(now)
	eval "$command" > "$dir/told" 2>&1
	code=$?
	echo "$(seconds $(($(now) - before))) s  $command"
	if [ "$code" -ne "$due" ]; then
		cat "$dir/told"
		echo "stacks/CONNECT.md: this ended with $code, and $due is due: $command"
		exit 1
	fi
	if [ -z "$verdict" ] && [[ $command == "tcpspec run "* ]]; then
		verdict=$(($(now) - start))
	fi
done
echo "a newcomer has a first verdict after $(seconds "$verdict") s, and is through after $(seconds $(($(now) - start))) s"
