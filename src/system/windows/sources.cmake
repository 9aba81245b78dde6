# The platform layer of Windows 10 and later, with mingw-w64. Sets
# system_sources; system_program_sources, of the program alone; and
# system_definitions and system_libraries, which all targets get.

# Without what clashes with our names; and with the C standard's printf.
set(system_definitions _WIN32_WINNT=0x0A00 WIN32_LEAN_AND_MEAN NOMINMAX NOGDI
	__USE_MINGW_ANSI_STDIO=1 getc_unlocked=_getc_nolock)
set(system_libraries ssp ws2_32 iphlpapi advapi32 bcrypt shell32)
set(system_sources
	activation.c
	arguments.c
	datagram.c
	error.c
	file.c
	file_name.c
	handle.c
	local_time.c
	message.c
	notify.c
	output.c
	private_file.c
	process.c
	random.c
	service.c
	service_install.c
	signals.c
	socket.c
	start.c
	thread.c
	wakeup.c
	wide.c)
list(TRANSFORM system_sources PREPEND ${system}/)

# Resources, which are linked into the program itself.
enable_language(RC)
find_program(WINDMC x86_64-w64-mingw32-windmc REQUIRED)
set(resources ${CMAKE_CURRENT_BINARY_DIR}/generated/resources)
file(MAKE_DIRECTORY ${resources})
configure_file(${system}/program.rc.in ${resources}/program.rc @ONLY)
add_custom_command(OUTPUT ${resources}/messages.rc
	COMMAND ${WINDMC} -h ${resources} -r ${resources}
		${CMAKE_CURRENT_SOURCE_DIR}/${system}/messages.mc
	DEPENDS ${system}/messages.mc
	VERBATIM)
set_source_files_properties(${resources}/program.rc PROPERTIES
	OBJECT_DEPENDS ${resources}/messages.rc
	INCLUDE_DIRECTORIES ${resources})
set(system_program_sources ${resources}/program.rc)
