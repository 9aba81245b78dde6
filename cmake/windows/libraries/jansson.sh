# shellcheck shell=sh disable=SC2154 # variables of ../libraries.sh

build()
{
	cmake_library -DJANSSON_BUILD_DOCS=OFF -DJANSSON_WITHOUT_TESTS=ON \
	    -DJANSSON_EXAMPLES=OFF
}
