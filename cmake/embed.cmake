# Turn the files of a folder into C arrays, at build time:
#   cmake -D OUT=assets.c -D "FILES=a.html;b.css" -P embed.cmake
# Each becomes a struct page_asset (include/page/page.h); the last one is empty.

set(type_html "text/html; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_svg "image/svg+xml")
set(type_png "image/png")
set(type_json "application/json")
set(type_txt "text/plain; charset=utf-8")

# Append to arrays the bytes of a file, as an array of that name. Sets size.
macro(add_array name file)
	file(READ "${file}" hex HEX)
	string(LENGTH "${hex}" size)
	math(EXPR size "${size} / 2")
	# Sixteen bytes a line.
	string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
	string(REPEAT "....." 16 line)
	string(REGEX REPLACE "(${line})" "\\1\n\t" bytes "${bytes}")
	string(APPEND arrays
		"static const unsigned char ${name}[] = {\n\t${bytes}0\n};\n\n")
endmacro()

# The page with links to all of its modules, so that browsers need not wait for
# one to learn of those that it imports. Makes OUT.html.
function(link_modules index)
	cmake_path(GET index PARENT_PATH folder)
	set(links "")
	foreach(file IN LISTS FILES)
		cmake_path(GET file PARENT_PATH parent)
		cmake_path(GET file FILENAME name)
		if(parent STREQUAL folder AND name MATCHES "\\.js$")
			string(APPEND links "<link rel=\"modulepreload\" href=\"${name}\">\n")
		endif()
	endforeach()
	set(mark "<script type=\"module\"")
	file(READ "${index}" text)
	string(FIND "${text}" "${mark}" at)
	if(at EQUAL -1)
		message(FATAL_ERROR "${index}: no module")
	endif()
	string(REPLACE "${mark}" "${links}${mark}" text "${text}")
	file(WRITE "${OUT}.html" "${text}")
endfunction()

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
	if(name STREQUAL "index.html")
		link_modules("${file}")
		set(file "${OUT}.html")
	endif()
	file(SHA256 "${file}" hash)
	string(SUBSTRING "${hash}" 0 16 hash)
	add_array(asset_${n} "${file}")
	set(packed "0, 0")
	if(NOT extension STREQUAL "png") # compressed already
		# Without a name and a time, so that each build makes the same.
		execute_process(COMMAND gzip -9nc "${file}"
			OUTPUT_FILE "${OUT}.gz" COMMAND_ERROR_IS_FATAL ANY)
		set(whole_size ${size})
		add_array(packed_${n} "${OUT}.gz")
		set(packed "packed_${n}, ${size}")
		set(size ${whole_size})
	endif()
	if(name STREQUAL "index.html")
		set(name "")
	elseif(name STREQUAL "openapi.json")
		set(name "api/openapi.json")
	endif()
	string(APPEND table "\t{ \"/${name}\", \"${type_${extension}}\", "
		"\"\\\"${hash}\\\"\", asset_${n}, ${size}, ${packed} },\n")
	math(EXPR n "${n} + 1")
endforeach()

file(REMOVE "${OUT}.gz" "${OUT}.html")
file(WRITE "${OUT}"
	"/* Made by embed.cmake. */\n"
	"#include \"page/page.h\"\n\n"
	"${arrays}"
	"const struct page_asset page_assets[] = {\n${table}"
	"\t{ 0, 0, 0, 0, 0, 0, 0 },\n};\n")
