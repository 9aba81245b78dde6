# shellcheck shell=sh disable=SC2154 # variables of ../libraries.sh

# sys/queue.h, which Windows has not, is libevent's.
build()
{
	cmake_library -DEVENT__LIBRARY_TYPE=STATIC \
	    -DEVENT__DISABLE_TESTS=ON -DEVENT__DISABLE_REGRESS=ON \
	    -DEVENT__DISABLE_BENCHMARK=ON -DEVENT__DISABLE_SAMPLES=ON \
	    -DOPENSSL_USE_STATIC_LIBS=ON &&
		mkdir -p "$prefix/include/sys" &&
		cp "$source/compat/sys/queue.h" "$prefix/include/sys/"
}
