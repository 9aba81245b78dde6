# shellcheck shell=sh
# What is built for another architecture, and what runs it here: to be sourced
# after lib.sh.
#
# Nothing of this machine changes but for the compiler, which "need" installs.
# apt works with directories of its own below .build/arch/ARCH, for a machine
# on which nothing is installed, and its packages are unpacked there.

# What is linked, for the tests as well, and the page's dygraphs.
# shellcheck disable=SC2154 # the scripts that source lib.sh have these
arch_packages='libc6-dev libgcc-s1 libevent-dev libcsv-dev libhiredis-dev
	libjansson-dev libsqlite3-dev libssl-dev zlib1g-dev libjs-dygraphs
	check libmodbus-dev'

# choose_arch ARCH: for the functions below. Returns 1 if there is no such
# architecture.
choose_arch()
{
	arch=$1 foreign=$build/arch/$1
	case $arch in
	arm64) triplet=aarch64-linux-gnu processor=aarch64 qemu=qemu-aarch64 ;;
	armhf) triplet=arm-linux-gnueabihf processor=armv7l qemu=qemu-arm ;;
	s390x) triplet=s390x-linux-gnu processor=s390x qemu=qemu-s390x ;;
	*) return 1 ;;
	esac
}

# foreign_apt COMMAND...: apt-get with these directories. Nobody else need read
# them, so the files are fetched by whoever calls.
foreign_apt()
{
	apt-get -o APT::Architecture="$arch" -o APT::Architectures="$arch" \
	    -o APT::Sandbox::User="$(id -un)" -o Dir::State="$foreign/apt" \
	    -o Dir::State::status="$foreign/apt/status" \
	    -o Dir::Cache="$foreign/apt" \
	    -o APT::Update::Post-Invoke::= "$@"
}

# After an update that fails the existing lists may be sufficient.
download_packages()
{
	mkdir -p "$foreign/apt/lists/partial" "$foreign/apt/archives/partial"
	: >"$foreign/apt/status"
	rm -f "$foreign"/apt/archives/*.deb
	foreign_apt update || :
	# shellcheck disable=SC2086 # one word per package
	foreign_apt install --yes --download-only --no-install-recommends \
	    $arch_packages
}

# Each package is unpacked in a directory of its own, with its control files,
# where dpkg-shlibdeps finds them; and all of them together in sysroot. Links to
# absolute paths would lead out of that.
unpack_packages()
{
	rm -rf "$foreign/packages" "$foreign/sysroot"
	mkdir "$foreign/packages" "$foreign/sysroot"
	for deb in "$foreign"/apt/archives/*.deb; do
		package=$foreign/packages/$(dpkg-deb --field "$deb" Package)
		dpkg-deb --raw-extract "$deb" "$package"
		dpkg-deb --extract "$deb" "$foreign/sysroot"
	done
	find "$foreign/sysroot" -type l -lname '/*' | while read -r link; do
		ln -sfn --relative "$foreign/sysroot$(readlink "$link")" "$link"
	done
}

make_sysroot()
{
	(set -e; download_packages; unpack_packages)
}

# The packages of that architecture, fetched once a week at most, or when others
# are asked for.
need_sysroot()
{
	mkdir -p "$foreign"
	holds=$foreign/holds-$(echo "$arch_packages" | cksum | tr -d ' ')
	[ -z "$(find "$holds" -mtime -7 2>/dev/null)" ] || return 0
	say "fetching the libraries for $arch"
	rm -f "$foreign"/holds-*
	quietly "$foreign/fetch.log" make_sysroot ||
		die "apt has not what $arch needs: expected its packages, of the" \
		    "same release, in the sources of this machine"
	: >"$holds"
}

# What compiles, and tells what a package depends on.
need_cross()
{
	# shellcheck disable=SC2086 # one word per package
	need $build_needs "gcc-$triplet"
}

# cross_compile TREE TARGET [CMAKE-OPTION...]: as compile, for that architecture.
cross_compile()
{
	cross_tree=$1 cross_target=$2
	shift 2
	compile "$cross_tree" "$cross_target" \
	    -DCMAKE_TOOLCHAIN_FILE="$root/cmake/cross.cmake" \
	    -DCROSS_ARCHITECTURE="$arch" -DCROSS_TRIPLET="$triplet" \
	    -DCROSS_PROCESSOR="$processor" -DCROSS_ROOT="$foreign" \
	    -DCROSS_EMULATOR="$qemu" "$@"
}
