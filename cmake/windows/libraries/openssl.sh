# shellcheck shell=sh disable=SC2154 # variables of ../libraries.sh

# No file of configuration is read that somebody else may have put there.
build()
{
	(
		cd "$source" &&
			./Configure mingw64 CC=gcc-posix \
			    --cross-compile-prefix="$triplet-" \
			    --prefix="$prefix" --libdir=lib \
			    --openssldir='C:/Program Files/Common Files/SSL' \
			    no-shared no-tests no-engine no-module no-dso \
			    no-legacy no-autoload-config &&
			make -j "$jobs" build_generated libcrypto.a libssl.a &&
			make install_dev
	)
}
