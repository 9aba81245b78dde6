# What "cmake --install" installs, in two components, each of which becomes a
# package: the server, and the tools. systemd looks for units below /usr/local as
# well as below /usr.

set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME server)
set(unit_dir lib/systemd/system)
set(doc_dir ${CMAKE_INSTALL_DOCDIR})
set(package_dir ${CMAKE_CURRENT_SOURCE_DIR}/cmake/package)

install(TARGETS mbasyncserver DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(PROGRAMS scripts/redirect-502 DESTINATION ${CMAKE_INSTALL_SBINDIR}
	RENAME mbasyncserver-redirect)
file(GLOB pages CONFIGURE_DEPENDS src/*.[1-9])
foreach(page IN LISTS pages)
	cmake_path(GET page STEM program)
	string(REGEX REPLACE ".*\\." "" section ${page})
	if(NOT program IN_LIST tools)
		install(FILES ${page}
			DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
	endif()
endforeach()

# Some units contain the directory of the programs.
set(units ${package_dir}/mbasyncserver.socket
	${package_dir}/mbasyncserver-tls.socket
	${package_dir}/mbasyncserver-redirect-again.service)
set(OPTIONAL -) # the file in /etc/default
foreach(unit mbasyncserver.service mbasyncserver-redirect.service)
	configure_file(${package_dir}/${unit}.in units/${unit} @ONLY)
	list(APPEND units ${CMAKE_CURRENT_BINARY_DIR}/units/${unit})
endforeach()
# The service once more, as a template of instances. One without a file of its
# own would have the port and the points of no one.
set(INSTANCE " %i")
set(OF_INSTANCE -%i)
set(EDITED @NAME)
set(OPTIONAL "")
configure_file(${package_dir}/mbasyncserver.service.in
	units/mbasyncserver@.service @ONLY)
list(APPEND units ${CMAKE_CURRENT_BINARY_DIR}/units/mbasyncserver@.service)
install(FILES ${units} DESTINATION ${unit_dir})
install(FILES ${package_dir}/50-mbasyncserver.preset
	DESTINATION ${unit_dir}-preset)

install(FILES ${package_dir}/port-502.conf ${package_dir}/plant.csv
	${package_dir}/roles ${package_dir}/tls.conf ${package_dir}/shared.conf
	DESTINATION ${doc_dir}/examples)
install(FILES README.md ${package_dir}/copyright DESTINATION ${doc_dir})

set(completion_dir ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
foreach(program mbasyncserver mbasyncserver-redirect)
	install(FILES ${package_dir}/completion.bash RENAME ${program}
		DESTINATION ${completion_dir})
endforeach()

foreach(tool IN LISTS tools)
	install(TARGETS ${tool} DESTINATION ${CMAKE_INSTALL_BINDIR}
		COMPONENT tools)
	install(FILES src/${tool}.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1
		COMPONENT tools)
	install(FILES ${package_dir}/completion.bash RENAME ${tool}
		DESTINATION ${completion_dir} COMPONENT tools)
endforeach()
