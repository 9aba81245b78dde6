# Turn the files of a folder into C arrays, at build time:
#   cmake -D OUT=assets.c -D "FILES=a.html;b.css" -P embed.cmake
# Each becomes a struct page_asset (include/page/page.h); the last one is empty.

set(type_html "text/html; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_svg "image/svg+xml")
set(type_png "image/png")

set(arrays "")
set(table "")
set(n 0)
foreach(file IN LISTS FILES)
	cmake_path(GET file FILENAME name)
	cmake_path(GET file EXTENSION LAST_ONLY extension)
	string(SUBSTRING "${extension}" 1 -1 extension)
	if(NOT DEFINED type_${extension})
		message(FATAL_ERROR "${file}: no media type for .${extension}")
	endif()
	file(READ "${file}" hex HEX)
	file(SHA256 "${file}" hash)
	string(SUBSTRING "${hash}" 0 16 hash)
	string(LENGTH "${hex}" size)
	math(EXPR size "${size} / 2")
	# Sixteen bytes a line.
	string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
	string(REPEAT "....." 16 line)
	string(REGEX REPLACE "(${line})" "\\1\n\t" bytes "${bytes}")
	string(APPEND arrays
		"static const unsigned char asset_${n}[] = {\n\t${bytes}0\n};\n\n")
	if(name STREQUAL "index.html")
		set(name "")
	endif()
	string(APPEND table "\t{ \"/${name}\", \"${type_${extension}}\", "
		"\"\\\"${hash}\\\"\", asset_${n}, ${size} },\n")
	math(EXPR n "${n} + 1")
endforeach()

file(WRITE "${OUT}"
	"/* Made by embed.cmake. */\n"
	"#include \"page/page.h\"\n\n"
	"${arrays}"
	"const struct page_asset page_assets[] = {\n${table}"
	"\t{ 0, 0, 0, 0, 0 },\n};\n")
