# shellcheck shell=sh disable=SC2154 # variables of ../libraries.sh

build()
{
	compile_object -o "$source/libcsv.o" "$source/libcsv.c" &&
		archive csv "$source/libcsv.o" &&
		cp "$source/csv.h" "$prefix/include/"
}
