# Warnings, hardening and instrumentation, for gcc and clang.

include(CheckPIESupported)

add_compile_options(
	-Wall -Wextra -Wpedantic
	-Wcast-qual -Wconversion -Wformat=2 -Wmissing-prototypes
	-Wpointer-arith -Wshadow -Wstrict-prototypes -Wundef -Wvla
	-Wwrite-strings)
if(WERROR)
	add_compile_options(-Werror)
endif()

# Offsets, sizes and inode numbers of 64 bits, also where long has 32. Times keep
# the size that libevent was built with.
add_compile_definitions(_FILE_OFFSET_BITS=64)

# optimise_across(TARGET...): optimise these at link time, for programs whose
# speed counts, and the libraries that they link. The objects of gcc can also be
# linked without it, which is fast: so are the tests.
include(CheckIPOSupported)
if(CMAKE_BUILD_TYPE STREQUAL Release AND NOT COVERAGE AND NOT WIN32
   AND CMAKE_C_COMPILER_ID STREQUAL GNU)
	check_ipo_supported(RESULT can_optimise_across LANGUAGES C
		OUTPUT ignored)
endif()
function(optimise_across)
	if(can_optimise_across)
		set_target_properties(${ARGN} PROPERTIES
			INTERPROCEDURAL_OPTIMIZATION ON)
	endif()
endfunction()
if(can_optimise_across)
	set(across $<BOOL:$<TARGET_PROPERTY:INTERPROCEDURAL_OPTIMIZATION>>)
	add_compile_options($<${across}:-ffat-lto-objects>)
	add_link_options($<$<NOT:${across}>:-fno-lto>)
endif()

# Hardening. _FORTIFY_SOURCE needs optimisation, and conflicts with the
# sanitizers.
add_compile_options(-fstack-protector-strong)
if(WIN32)
	# Its programs are at random addresses, and cannot execute data, by
	# default. Formats are those of the C standard, and struct timeval has
	# seconds of 32 bits: neither does this compiler expect. The others check
	# both.
	add_compile_options(-Wno-format -Wno-conversion -Wno-sign-conversion
		-Wno-float-conversion)
	add_link_options(-Wl,--gc-sections)
else()
	check_pie_supported()
	set(CMAKE_POSITION_INDEPENDENT_CODE ON)
	add_link_options(-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
	# With -z now every call is resolved at the start, and needs no stub.
	add_compile_options(-fstack-clash-protection -fno-plt)
	if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64|i.86")
		add_compile_options(-fcf-protection)
	endif()
endif()
if(CMAKE_BUILD_TYPE MATCHES "Release|RelWithDebInfo"
   AND NOT ASAN AND NOT TSAN)
	# Some distributions' compilers define it already.
	add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
endif()


if(ASAN)
	set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all)
elseif(TSAN)
	set(sanitizers -fsanitize=thread)
endif()
if(FUZZERS)
	list(APPEND sanitizers -fsanitize=fuzzer-no-link)
endif()
if(sanitizers)
	add_compile_options(${sanitizers} -g -fno-omit-frame-pointer)
	add_link_options(${sanitizers})
endif()
if(COVERAGE)
	add_compile_options(-fprofile-arcs -ftest-coverage)
	add_link_options(--coverage)
endif()
