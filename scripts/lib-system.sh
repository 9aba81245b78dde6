# shellcheck shell=sh disable=SC2154
# Minimal Debian systems in folders, entered by systemd-nspawn: what
# scripts/package and scripts/test-boot share. To be sourced after lib.sh. They
# set $release, of the system, $system, its folder, and $logs, another one.

own_release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}") ||
	own_release=
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
name=mbasyncserver-$(basename "$0")-$$
container_seconds=${container_seconds:-3600}

skip()
{
	say "SKIPPED: $*"
	exit 77
}

# Exit status 77 where there can be no system.
need_systems()
{
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	[ -e /etc/debian_version ] || skip "needs Debian"
	# shellcheck disable=SC2086 # one word per package
	(locked need $system_needs) || skip "needs what can't be installed"
}

# What this machine's apt uses for its own release, as sources for $release.
sources()
{
	# shellcheck disable=SC2016 # apt's variables
	apt-get indextargets --format '$(CODENAME) $(REPO_URI)' \
	    'Created-By: Packages' | sort -u | sed -n \
	    "s|^$own_release\(-[-a-z]*\)\{0,1\} |deb [signed-by=$keyring] $release\1 |p" |
		sed 's|\([^ ]*\) \([^ ]*\)$|\2 \1 main|'
}

# nspawn OPTION...: a container, in place of this shell. It can't outlast its
# time. Without systemd here, it is given no scope of its own.
nspawn()
{
	[ -d /run/systemd/system ] || set -- --keep-unit "$@"
	exec timeout --kill-after=15 "$container_seconds" systemd-nspawn \
	    --quiet --register=no --machine="$name" --directory="$system" "$@"
}

# inside COMMAND...: in the system, not booted, with the network and the
# packages of this machine. What is bound is there only for so long.
inside()
{
	if [ "$release" != "$own_release" ]; then
		sources >"$logs/sources.list"
		set -- "--bind-ro=$logs/sources.list:/etc/apt/sources.list" "$@"
	else
		for path in sources.list sources.list.d; do
			[ ! -e "/etc/apt/$path" ] ||
				set -- "--bind-ro=/etc/apt/$path" "$@"
		done
	fi
	for path in hosts apt/auth.conf apt/auth.conf.d apt/keyrings \
	    apt/trusted.gpg apt/trusted.gpg.d ssl/certs; do
		[ ! -e "/etc/$path" ] || set -- "--bind-ro=/etc/$path" "$@"
	done
	for path in /usr/share/keyrings /usr/share/ca-certificates \
	    /usr/local/share/ca-certificates; do
		[ ! -e "$path" ] || set -- "--bind-ro=$path" "$@"
	done
	for variable in http_proxy https_proxy no_proxy; do
		set -- "--setenv=$variable" "$@"
	done
	(nspawn --pipe --setenv=DEBIAN_FRONTEND=noninteractive "$@")
}

remove_system()
{
	rm -rf --one-file-system "$system"
}

can_start()
{
	quietly "$logs/container.log" inside true ||
		skip "this machine can't start a container"
}

# install_system PACKAGE...: a minimal system with these. All that debootstrap
# mounts is gone with its name space.
install_system()
{
	say "making a minimal $release"
	remove_system
	mirror=$(sources | sed -n "s/.* \([^ ]*\) $release main$/\1/p" |
		head -n 1)
	[ -n "$mirror" ] || skip "apt has no mirror for $release"
	quietly "$logs/debootstrap.log" unshare --mount --propagation private \
	    debootstrap --variant=minbase --include="$(echo "$@" | tr ' ' ,)" \
	    "$release" "$system" "$mirror" || skip "debootstrap failed"
	apt-config dump Acquire >"$system/etc/apt/apt.conf.d/99acquire"
}

# What nspawn leaves behind where /run is no tmpfs, and without systemd.
clean_up_containers()
{
	rmdir "/run/systemd/nspawn/propagate/$name" 2>/dev/null || :
	rm -f "/run/systemd/nspawn/locks/"*"$name"*
	[ -d /run/systemd/system ] || find /sys/fs/cgroup/*/payload \
	    /sys/fs/cgroup/*/supervisor -depth -type d -exec rmdir {} + \
	    2>/dev/null || :
}
