# shellcheck shell=sh disable=SC2154 # variables of ../libraries.sh

# All of it as one source, which is the same for every system, is made with the
# compiler of this one.
build()
{
	(
		cd "$source" &&
			sh ./configure --disable-tcl --disable-readline &&
			make sqlite3.c
	) &&
		compile_object -DSQLITE_THREADSAFE=1 -DSQLITE_ENABLE_DBSTAT_VTAB \
		    -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_WIN32_GETVERSIONEX=0 \
		    -o "$source/sqlite3.o" "$source/sqlite3.c" &&
		archive sqlite3 "$source/sqlite3.o" &&
		cp "$source/sqlite3.h" "$prefix/include/" &&
		write_pc sqlite3 "$(cat "$source/VERSION")" -lsqlite3
}
