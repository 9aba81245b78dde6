# shellcheck shell=sh disable=SC2154 # variables of ../libraries.sh

# What encodes and decodes; not what connects, which Windows has not: that is
# the second half of hiredis.c.
build()
{
	sed '/^void __redisSetError/,$d' "$source/hiredis.c" \
	    >"$source/format.c" || return
	for part in alloc sds read format; do
		compile_object -o "$source/$part.o" "$source/$part.c" || return
	done
	archive hiredis "$source"/*.o &&
		cp "$source/hiredis.h" "$source/read.h" "$source/sds.h" \
		    "$source/alloc.h" "$prefix/include/" &&
		write_pc hiredis "$(dpkg-parsechangelog -l \
		    "$source/debian/changelog" -S Version | sed 's/-.*//')" \
		    -lhiredis
}
