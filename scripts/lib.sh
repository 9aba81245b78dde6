# shellcheck shell=sh
# Shared by the scripts: paths, required packages, building.
# To be sourced.

root=$(dirname "$(dirname "$(readlink -f "$0")")")
build=$root/.build

# What each job needs, by Debian's names.
# shellcheck disable=SC2034 # the scripts use them
{
build_needs='gcc libc6-dev cmake ninja-build pkg-config libevent-dev
	libcsv-dev libhiredis-dev libjansson-dev libjs-dygraphs libsqlite3-dev
	libssl-dev zlib1g-dev gzip'
test_needs="$build_needs check libmodbus-dev mbpoll openssl python3
	python3-pymodbus python3-serial-asyncio tshark mandoc curl iproute2
	iptables nftables procps socat strace systemd tzdata util-linux valgrind jq yq"
fuzz_needs="$build_needs check clang libclang-rt-dev"
# Debian packages promtool, the proxies and Redis with services that start: install
# them in CI only.
if [ "${CI:-}" = true ]; then
	test_needs="$test_needs prometheus nginx caddy redis-server"
fi
# To test the live page; without, that is skipped.
page_needs='nodejs npm chromium-headless-shell'
memcheck_needs="$test_needs"
lint_needs="$test_needs clang clang-tidy cppcheck shellcheck pyflakes3"
format_needs='clang-format'
package_needs="$build_needs binutils dpkg-dev file gzip lintian"
system_needs="$package_needs debian-archive-keyring debootstrap
	systemd-container tar util-linux"
windows_needs='gcc libc6-dev gcc-mingw-w64-x86-64-posix libz-mingw-w64-dev cmake ninja-build
	pkg-config debian-archive-keyring dpkg-dev make perl tcl gzip zip mandoc
	libjs-dygraphs'
coverage_needs="$test_needs gcovr"
image_needs="$build_needs binutils buildah jq"
image_test_needs='python3-yaml' # and without these, some are skipped
image_test_wants='podman runc docker-compose podman-compose kubernetes-client'
}

say()
{
	echo "$(basename "$0"): $*" >&2
}

die()
{
	say "$@"
	exit 1
}

command_exists()
{
	command -v "$1" >/dev/null 2>&1
}

# Commands for root may not be in PATH.
sbin_exists()
{
	PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null 2>&1
}

# have PACKAGE: whether what is used of it is installed, by apt or otherwise.
have()
{
	case $1 in
	gcc) command_exists cc ;;
	gcc-mingw-w64-x86-64-posix) command_exists x86_64-w64-mingw32-gcc-posix ;;
	gcc-*) command_exists "${1#gcc-}-gcc" ;;
	qemu-user) command_exists qemu-arm ;;
	# From 3.24 on, nearly what CMakeLists.txt asks for.
	cmake) cmake --help 2>/dev/null | grep -qe --fresh ;;
	libc6-dev) echo '#include <stdio.h>' | cc -E - >/dev/null 2>&1 ;;
	ninja-build) command_exists ninja || command_exists make ;;
	libevent-dev) pkg-config --exists 'libevent_extra >= 2.1.12' 2>&1 ;;
	libhiredis-dev) pkg-config --exists 'hiredis >= 0.14.1' 2>&1 ;;
	libcsv-dev) echo '#include <csv.h>' | cc -E - >/dev/null 2>&1 ;;
	libjansson-dev) pkg-config --exists 'jansson >= 2.12' 2>&1 ;;
	libjs-dygraphs)
		[ -e /usr/share/javascript/dygraphs/dygraph.min.js ] &&
			[ -e /usr/share/doc/libjs-dygraphs/copyright ]
		;;
	libsqlite3-dev) pkg-config --exists 'sqlite3 >= 3.40' 2>&1 ;;
	libssl-dev) pkg-config --exists 'libssl >= 3.0' 2>&1 ;;
	zlib1g-dev) pkg-config --exists zlib 2>&1 ;;
	check) pkg-config --exists check 2>&1 ;;
	libclang-rt-dev) # libFuzzer is part of the compiler's runtime
		echo 'int LLVMFuzzerTestOneInput(void);
		int LLVMFuzzerTestOneInput(void) { return 0; }' |
			clang -fsanitize=fuzzer,address -x c - -o /dev/null 2>&1
		;;
	libmodbus-dev) pkg-config --exists libmodbus 2>&1 ;;
	# Debian's own, for which the packages of modules are made.
	python3) [ -x /usr/bin/python3 ] ;;
	python3-pymodbus) /usr/bin/python3 -c 'import pymodbus' 2>&1 ;;
	python3-serial-asyncio) # which Debian's pymodbus only recommends
		/usr/bin/python3 -c 'import serial_asyncio' 2>&1
		;;
	iproute2) command_exists ss && sbin_exists ip ;;
	iptables) sbin_exists iptables-nft && sbin_exists iptables-legacy ;;
	nftables) sbin_exists nft ;;
	nginx) sbin_exists nginx ;;
	procps) command_exists pgrep ;;
	systemd) command_exists systemd-socket-activate ;;
	kubernetes-client) command_exists kubectl ;;
	python3-yaml) /usr/bin/python3 -c 'import yaml' 2>&1 ;;
	runc) sbin_exists runc ;;
	tzdata) [ -e /usr/share/zoneinfo/Europe/Berlin ] ;;
	util-linux) command_exists prlimit ;;
	yq) command_exists tomlq ;; # there is another yq
	binutils) command_exists strip ;;
	dpkg-dev) command_exists dpkg-shlibdeps ;;
	libz-mingw-w64-dev) [ -e /usr/x86_64-w64-mingw32/lib/libz.a ] ;;
	tcl) command_exists tclsh ;;
	debian-archive-keyring)
		[ -e /usr/share/keyrings/debian-archive-keyring.gpg ]
		;;
	systemd-container) command_exists systemd-nspawn ;;
	nodejs) # playwright-core asks for 18
		node -e 'parseInt(process.versions.node) < 18 && process.exit(1)' 2>&1
		;;
	*) command_exists "$1" ;;
	esac >/dev/null
}

# missing PACKAGE...: those of them that are not there.
missing()
{
	for package; do
		have "$package" || printf ' %s' "$package"
	done
}

# quietly LOG COMMAND...: show what the command says only if it fails.
quietly()
{
	log=$1
	shift
	"$@" >"$log" 2>&1 </dev/null && return
	cat "$log" >&2
	return 1
}

as_root()
{
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# After an update that fails the existing lists may be sufficient.
apt_install()
{
	as_root env DEBIAN_FRONTEND=noninteractive apt-get update
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y \
	    --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
}

# need PACKAGE...: install those that are missing.
need()
{
	packages=$(missing "$@")
	[ -n "$packages" ] || return 0
	if ! command_exists apt-get; then
		say "please install, with this system's package manager:$packages"
		die "(Debian's names; elsewhere -dev may be called -devel)"
	fi
	if [ "$(id -u)" -ne 0 ] && ! command_exists sudo; then
		die "please run as root: apt-get install -y$packages"
	fi
	say "installing$packages"
	# shellcheck disable=SC2086 # one word per package
	quietly "$build/install.log" apt_install $packages ||
		die "please install:$packages"
	packages=$(missing "$@")
	[ -z "$packages" ] || die "installed, but too old or not found:$packages"
}

# want PACKAGE...: install those that are missing, if that can be done.
want()
{
	(need "$@") || say "going on without"
}

# Playwright's driver, by npm, into .build/page: what test/page needs. The
# browser is Debian's.
want_page_modules()
{
	page=$build/page
	command_exists npm || return 0
	cmp -s "$root/test/page/package-lock.json" "$page/package-lock.json" &&
		[ -d "$page/node_modules/playwright-core" ] && return
	mkdir -p "$page"
	cp "$root/test/page/package.json" "$root/test/page/package-lock.json" \
	    "$page"
	say "installing the modules of test/page"
	quietly "$build/npm.log" npm ci --prefix "$page" --ignore-scripts \
	    --no-audit --no-fund && return
	rm "$page/package-lock.json"
	say "npm failed: the live page is not tested"
}

# configure TREE [CMAKE-OPTION...]: bring .build/TREE up to date, but for what
# is built in it.
configure()
{
	tree=$build/$1
	shift
	if command_exists ninja; then
		export CMAKE_GENERATOR=Ninja # for trees that begin
	fi
	if [ ! -e "$tree/CMakeCache.txt" ]; then
		say "building $tree"
		mkdir -p "$tree"
	fi
	# A tree that was moved, or whose compiler is gone, is configured anew.
	cmake -S "$root" -B "$tree" "$@" >"$tree.log" 2>&1 ||
		quietly "$tree.log" cmake --fresh -S "$root" -B "$tree" "$@" ||
		die "cmake failed"
}

# The same source makes the same packages, to the byte: the date is that of the
# last change.
set_date()
{
	SOURCE_DATE_EPOCH=$(date -u +%s --date \
	    "$(sed -n 's/^ -- .*>  //p' "$root/cmake/package/changelog" | head -n 1)")
	export SOURCE_DATE_EPOCH
}

# build_targets TREE TARGET...
build_targets()
{
	tree=$build/$1
	shift
	quietly "$tree.log" cmake --build "$tree" -j "$jobs" --target "$@" ||
		die "the build failed"
}

# compile TREE TARGET [CMAKE-OPTION...]: configure, and build that target.
compile()
{
	compiled=$1 target=$2
	shift 2
	configure "$compiled" "$@"
	build_targets "$compiled" "$target"
}

# The trees that tests run in; AGAIN is TEST_AGAIN, ON or OFF: see
# test/register_test.cmake. Debug keeps the assertions.

# configure_released AGAIN
configure_released()
{
	configure release -DCMAKE_BUILD_TYPE=Release -DTESTS=ON \
	    -DWERROR="$werror" -DTEST_TREE=release -DTEST_AGAIN="$1"
}

# configure_sanitized TREE AGAIN [CMAKE-OPTION...]
configure_sanitized()
{
	sanitized=$1 again=$2
	shift 2
	configure "$sanitized" -DCMAKE_BUILD_TYPE=Debug \
	    -DCMAKE_C_FLAGS_DEBUG='-O1 -g' -DTESTS=ON -DASAN=ON \
	    -DWERROR="$werror" -DTEST_TREE=asan -DTEST_AGAIN="$again" "$@"
}

configure_coverage()
{
	configure_sanitized coverage ON -DCOVERAGE=ON
}

configure_fuzzers()
{
	configure fuzz -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Debug \
	    -DCMAKE_C_FLAGS_DEBUG='-O1 -g' -DTESTS=ON -DASAN=ON -DFUZZERS=ON \
	    -DWERROR="$werror" -DTEST_TREE=fuzz
}

# Remove the counts of earlier runs.
forget_coverage()
{
	find "$build/coverage" -name '*.gcda' -delete
}

# locked COMMAND...: in this working tree, one at a time. A script whose trees no
# other has may set $lock, and does not wait for the others then.
lock=lock
locked()
{
	mkdir -p "$build" || die "cannot write to $root"
	(
		if command_exists flock; then
			flock 9
		fi
		"$@"
	) 9>"$build/$lock"
}

# Build the server, and install what is missing for that.
build_server()
{
	# shellcheck disable=SC2086 # one word per package
	need $build_needs
	# scripts/test shares this tree; don't take its tests away.
	if grep -qs '^TESTS:BOOL=ON' "$build/release/CMakeCache.txt" &&
	    have check; then
		tests=ON
	else
		tests=OFF
	fi
	compile release mbasyncserver -DCMAKE_BUILD_TYPE=Release \
	    -DTESTS="$tests"
}

jobs=$(nproc 2>/dev/null || echo 2)

if [ "${CI:-}" = true ]; then
	werror=ON
else
	werror=OFF
fi
