#!/bin/sh
# Sees to it that the outputs can be read by others: the schemas of their
# formats and what judges by them, from npm. Says what is missing and ends with
# 1 where they cannot be had.
set -eu
cd "$(dirname "$0")"

for command in node npm; do
	if ! command -v "$command" >/dev/null; then
		echo "readers of the outputs: there is no $command; Debian has it in the packages nodejs and npm" >&2
		exit 1
	fi
done

# npm leaves its own copy of the lock file where it has installed all of it.
if ! [ node_modules/.package-lock.json -nt package-lock.json ]; then
	echo "readers of the outputs: npm installs validators and schemas"
	if ! npm ci; then
		echo "readers of the outputs: npm cannot install them; is there a way to its registry?" >&2
		exit 1
	fi
	touch node_modules/.package-lock.json
fi
