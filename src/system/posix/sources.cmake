# The platform layer of Linux, with glibc or musl. Sets system_sources; and
# system_definitions and system_libraries, which all targets get.

set(system_definitions)
set(system_libraries)
set(system_sources
	activation.c
	calendar.c
	error.c
	file.c
	file_name.c
	notify.c
	output.c
	private_file.c
	process.c
	random.c
	signals.c
	socket.c
	start.c
	thread.c
	wakeup.c)
list(TRANSFORM system_sources PREPEND ${system}/)
