# Packages, which scripts/package builds: a .deb of each component if all is
# installed to /usr, else one .tar.gz that may be unpacked anywhere.

set(CPACK_PACKAGE_VENDOR "the authors of mbasyncserver")
# There is no address of maintainers; .invalid is certain not to exist.
set(CPACK_PACKAGE_CONTACT
	"mbasyncserver authors <authors@mbasyncserver.invalid>")
set(CPACK_PACKAGE_FILE_NAME
	mbasyncserver-${PROJECT_VERSION}-Linux-${CMAKE_SYSTEM_PROCESSOR})
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
	OWNER_READ OWNER_WRITE OWNER_EXECUTE
	GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_VERBATIM_VARIABLES ON)

set(CPACK_SOURCE_GENERATOR TGZ)
set(CPACK_SOURCE_PACKAGE_FILE_NAME mbasyncserver-${PROJECT_VERSION})
set(CPACK_SOURCE_IGNORE_FILES /\\.git/ /\\.build/ /build/ __pycache__ ~$)

find_program(DPKG dpkg-query)
if(NOT DPKG OR NOT CMAKE_INSTALL_PREFIX STREQUAL /usr)
	set(CPACK_GENERATOR TGZ)
	include(CPack)
	return()
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL server tools)
set(CPACK_DEBIAN_SERVER_PACKAGE_NAME mbasyncserver)
set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME mbasyncserver-tools)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SOURCE mbasyncserver)
set(CPACK_SET_DESTDIR ON) # there is a file in /etc
set(CPACK_PRE_BUILD_SCRIPTS ${package_dir}/tidy.cmake)
set(CPACK_STRIP ${CMAKE_STRIP}) # for that script

# dpkg-shlibdeps finds the libraries of another architecture in their packages,
# which are unpacked with what it has to know of them.
if(CMAKE_CROSSCOMPILING)
	set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE ${CROSS_ARCHITECTURE})
	file(GLOB CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS
		${CROSS_ROOT}/packages/*/lib/${CROSS_TRIPLET}
		${CROSS_ROOT}/packages/*/usr/lib/${CROSS_TRIPLET})
endif()

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
file(STRINGS ${package_dir}/changelog entry LIMIT_COUNT 1)
if(NOT entry MATCHES "\\(${PROJECT_VERSION}-([^)]+)\\)")
	message(FATAL_ERROR "cmake/package/changelog: expected an entry for "
		"${PROJECT_VERSION} first, not: ${entry}")
endif()
set(CPACK_DEBIAN_PACKAGE_RELEASE ${CMAKE_MATCH_1})
# A newer release links other libraries: its packages replace older ones.
# What CMake itself knows of that is the sysroot's.
file(STRINGS /etc/os-release debian REGEX "^(ID|VERSION_ID)=")
string(REGEX REPLACE ".*VERSION_ID=\"?([0-9]+).*" "\\1" debian_release
	"${debian}")
if(debian MATCHES "(^|;)ID=\"?debian" AND debian_release GREATER 12)
	string(APPEND CPACK_DEBIAN_PACKAGE_RELEASE "+deb${debian_release}")
endif()
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "") # CPack would begin both with it
set(CPACK_DEBIAN_SERVER_DESCRIPTION
"${PROJECT_DESCRIPTION}
A stand-alone server for people who test SCADA and HMI clients, and for sites
where several clients exchange data through one shared table. It follows
MBLogic's MBAsyncServer: the same options, table and shut-down word.

Port 502 is served without root, in any of three ways: a systemd socket, a
redirection by nftables or iptables, or a capability. No unit is enabled until
you do so.")
set(CPACK_DEBIAN_SERVER_PACKAGE_RECOMMENDS "nftables | iptables")
set(CPACK_DEBIAN_SERVER_PACKAGE_SUGGESTS
	"valkey-server (>= 7.2) | redis-server (>= 5:7.0)")
set(CPACK_DEBIAN_SERVER_PACKAGE_CONTROL_EXTRA
	${package_dir}/conffiles ${package_dir}/postinst
	${package_dir}/prerm ${package_dir}/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_TOOLS_DESCRIPTION
"tests of Modbus/TCP servers and clients
mbfault stands between clients and any Modbus/TCP server or PLC, and makes
faults on purpose: replies that come late, changed, in parts or not at all,
exceptions, connections that end. Rules say which; a seed repeats them.

mbtorture scores any Modbus/TCP server by the specification: each function at
each boundary and in each malformed form, segments, pipelining, wrong headers,
clients that misbehave, and random requests compared with a model. It writes to
every coil and register of the server.")
set(CPACK_DEBIAN_TOOLS_PACKAGE_ENHANCES mbasyncserver)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SUGGESTS mbasyncserver)

# find_package_of(NAME LIBRARY): the name of the package that it is linked from.
function(find_package_of name library)
	if(CMAKE_CROSSCOMPILING)
		file(GLOB found RELATIVE ${CROSS_ROOT}/packages
			${CROSS_ROOT}/packages/*/usr/lib/${CROSS_TRIPLET}/${library})
		string(REGEX REPLACE "/.*" "" found "${found}")
	else()
		execute_process(COMMAND dpkg-query --search */${library}
			OUTPUT_VARIABLE found COMMAND_ERROR_IS_FATAL ANY)
		string(REGEX REPLACE "[:,].*" "" found "${found}")
	endif()
	set(${name} "${found}" PARENT_SCOPE)
endfunction()

# The libraries that are linked, and of libevent no version without the fixes
# of the security advisories of 2026: Debian 13 began with a 2.1.12 of its own
# without them.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
if(debian_release EQUAL 12)
	set(libevent_fixed 2.1.12-stable-8+deb12u1)
else()
	set(libevent_fixed 2.1.13-stable-1~)
endif()
foreach(library libevent_core libevent_extra libevent_openssl)
	find_package_of(name ${library}-2.1.so.7)
	list(APPEND libevent_packages "${name} (>= ${libevent_fixed})")
endforeach()
list(JOIN libevent_packages ", " CPACK_DEBIAN_PACKAGE_DEPENDS)

foreach(unit mbasyncserver mbasyncserver-redirect)
	install(FILES ${package_dir}/${unit}.default RENAME ${unit}
		DESTINATION /etc/default)
endforeach()
install(FILES ${package_dir}/changelog RENAME changelog.Debian
	DESTINATION ${doc_dir})
install(FILES ${package_dir}/changelog RENAME changelog.Debian
	DESTINATION ${doc_dir}-tools COMPONENT tools)
install(FILES ${package_dir}/copyright
	DESTINATION ${doc_dir}-tools COMPONENT tools)
# Debian 12's lintian asks for a script of init, too; later ones do not know that
# question, and refuse an answer.
file(READ ${package_dir}/lintian overrides)
if(debian_release EQUAL 12)
	file(READ ${package_dir}/lintian-12 more)
	string(APPEND overrides "${more}")
endif()
file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/lintian "${overrides}")
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/lintian RENAME mbasyncserver
	DESTINATION share/lintian/overrides)

include(CPack)
