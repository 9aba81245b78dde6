# shellcheck shell=sh disable=SC2154 # variables of scripts/lib.sh
# The libraries of the program for Windows, built from Debian's source packages
# with Debian's patches. To be sourced after scripts/lib.sh.
#
# What is built is kept in .build/windows. It is built again when Debian has
# another version, or when its recipe was changed: libraries/PACKAGE.sh defines
# build, which builds what is in $source, and installs it in $prefix.

windows=$build/windows
prefix=$windows/prefix
triplet=x86_64-w64-mingw32
export WINDOWS_PREFIX="$prefix"

# apt with lists and folders of its own: the system's stay as they are.
# APT_CONFIG is read before the system's files, the options after them.
apt_of_its_own()
{
	apt_command=$1
	shift
	"$apt_command" -q -o Dir::State="$windows/apt/state" \
	    -o Dir::Cache="$windows/apt/cache" \
	    -o Dir::Etc::SourceList="$windows/apt/sources.list" \
	    -o Dir::Etc::SourceParts=/dev/null -o Dir::Etc::Preferences=/dev/null \
	    -o Dir::Etc::PreferencesParts=/dev/null \
	    -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none "$@"
}

# The sources of what this machine's apt has for this release. Signatures are
# checked with the keys of Debian's archive alone.
write_sources_list()
{
	mkdir -p "$windows/apt/state/lists/partial" \
	    "$windows/apt/cache/archives/partial" "$prefix/built"
	# shellcheck disable=SC2016 # apt's variables
	apt-get indextargets --format '$(CODENAME) $(REPO_URI)' \
	    'Created-By: Packages' | sort -u | sed -n \
	    "s|^\(bookworm[-a-z]*\) \(.*\)$|deb-src [signed-by=$archive_keys] \2 \1 main|p" \
	    >"$windows/apt/sources.list"
	[ -s "$windows/apt/sources.list" ] ||
		die "expected apt sources of Debian 12 (bookworm)"
}
archive_keys=/usr/share/keyrings/debian-archive-keyring.gpg

# source_versions PACKAGE: those that Debian has, the newest first.
source_versions()
{
	apt_of_its_own apt-cache showsrc --only-source "$1" |
		sed -n 's/^Version: //p' | sort -Vru
}

# unpack PACKAGE VERSION: its source, with patches, in $source.
unpack()
{
	source=$windows/$1
	rm -rf "$windows/unpack" "$source"
	mkdir -p "$windows/unpack"
	(
		cd "$windows/unpack" &&
			apt_of_its_own apt-get source "$1=$2" &&
			mv ./*/ "$source"
	) || return
	rm -rf "$windows/unpack"
}

compile_object()
{
	"$triplet-gcc-posix" -O2 -ffunction-sections -fstack-protector-strong \
	    -c "$@"
}

# write_pc NAME VERSION LIBS: a file for pkg-config.
write_pc()
{
	cat >"$prefix/lib/pkgconfig/$1.pc" <<-END
		Name: $1
		Description: $1
		Version: $2
		Cflags: -I$prefix/include
		Libs: -L$prefix/lib $3
	END
}

# cmake_library OPTION...: the source in $source, which has a CMakeLists.txt.
cmake_library()
{
	cmake -S "$source" -B "$source/build" -Wno-dev \
	    -DCMAKE_TOOLCHAIN_FILE="$root/cmake/windows.cmake" \
	    -DWINDOWS_PREFIX="$prefix" -DCMAKE_INSTALL_PREFIX="$prefix" \
	    -DCMAKE_BUILD_TYPE=Release \
	    -DCMAKE_POLICY_VERSION_MINIMUM=3.5 "$@" &&
		cmake --build "$source/build" -j "$jobs" &&
		cmake --install "$source/build"
}

# archive NAME OBJECT...: a static library.
archive()
{
	mkdir -p "$prefix/include" "$prefix/lib/pkgconfig"
	name=$1
	shift
	rm -f "$prefix/lib/lib$name.a"
	"$triplet-ar" rcs "$prefix/lib/lib$name.a" "$@"
}

# --- all of them -----------------------------------------------------------

# The first ones are needed by those behind them.
libraries='openssl libevent jansson sqlite3 libcsv hiredis'

recipes=$root/cmake/windows/libraries

# what_is_built PACKAGE VERSION: which version, by which recipe.
what_is_built()
{
	echo "$2 $(cksum <"$recipes/$1.sh")"
}

is_built()
{
	what_is_built "$@" | cmp -s - "$prefix/built/$1"
}

# build_version PACKAGE VERSION. The source is removed: what was built remains.
build_version()
{
	is_built "$1" "$2" && return
	say "building $1 $2 for Windows"
	quietly "$windows/$1.log" unpack "$1" "$2" || return
	rm -f "$prefix/built/$1"
	# shellcheck source=/dev/null # one that defines build
	. "$recipes/$1.sh"
	quietly "$windows/$1.log" build || die "$1 could not be built"
	cp "$source/debian/copyright" "$prefix/built/$1.copyright"
	rm -rf "${source:?}"
	what_is_built "$1" "$2" >"$prefix/built/$1"
}

# The newest version that can be fetched: a mirror may lag behind its list.
build_library()
{
	for version in $(source_versions "$1"); do
		build_version "$1" "$version" && return
		say "WARNING: $1 $version cannot be fetched; trying an older one"
	done
	die "no version of $1 can be fetched"
}

build_libraries()
{
	write_sources_list
	quietly "$windows/apt.log" apt_of_its_own apt-get update ||
		die "apt-get update failed"
	for library in $libraries; do
		build_library "$library"
	done
}

# library_versions: what is linked, one a line.
library_versions()
{
	for library in $libraries; do
		echo "$library $(cut -d ' ' -f 1 "$prefix/built/$library")"
	done
	dpkg-query -W -f 'zlib ${Version}\n' libz-mingw-w64-dev
}
