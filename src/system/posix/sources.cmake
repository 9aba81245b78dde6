# The platform layer of Linux, with glibc or musl. Sets system_sources;
# system_program_sources, of the program alone; and system_definitions and
# system_libraries, which all targets get.

set(system_definitions)
set(system_libraries)
set(system_program_sources)
set(system_sources
	activation.c
	bound.c
	datagram.c
	error.c
	file.c
	file_name.c
	local_time.c
	notify.c
	output.c
	private_file.c
	process.c
	processor.c
	random.c
	signals.c
	socket.c
	start.c
	thread.c
	wakeup.c)

# What musl lacks.
include(CheckSymbolExists)
set(CMAKE_REQUIRED_DEFINITIONS -D_GNU_SOURCE)
check_symbol_exists(renameat2 stdio.h HAVE_RENAMEAT2)
unset(CMAKE_REQUIRED_DEFINITIONS)
if(HAVE_RENAMEAT2)
	list(APPEND system_sources rename_new.c)
else()
	list(APPEND system_sources rename_new_call.c)
endif()

list(TRANSFORM system_sources PREPEND ${system}/)
