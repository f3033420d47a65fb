#!/bin/sh
# Sees to it that the page can be tested: Chromium, Node and axe-core. Where
# they are it does nothing; where they are not it installs Debian's packages,
# as far as it may, or says what to install.
set -eu
cd "$(dirname "$0")"

missing=""
for command in "${CHROMIUM:-chromium}" node npm; do
	command -v "$command" >/dev/null || missing="$missing $command"
done
if [ -n "$missing" ]; then
	packages="chromium fonts-dejavu-core nodejs npm"
	install="apt-get install --yes --no-install-recommends $packages"
	if ! command -v apt-get >/dev/null; then
		as=none
	elif [ "$(id -u)" -eq 0 ]; then
		as=""
	elif sudo -n true 2>/dev/null; then
		as="sudo -n"
	else
		as=none
	fi
	if [ "$as" = none ]; then
		echo "tests of the page: there is no$missing; as root: $install" >&2
		exit 1
	fi
	echo "tests of the page: there is no$missing; $install"
	$as apt-get update --quiet=2
	$as env DEBIAN_FRONTEND=noninteractive $install --quiet=2
fi

# npm leaves its own copy of the lock file where it has installed all of it.
if ! [ node_modules/.package-lock.json -nt package-lock.json ]; then
	echo "tests of the page: npm installs axe-core"
	npm ci --no-audit --no-fund --loglevel=error
	touch node_modules/.package-lock.json
fi
