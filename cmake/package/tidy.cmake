# Before a .deb is packed: what Debian's policy wants compressed, and stripped.

set(root ${CPACK_TEMPORARY_INSTALL_DIRECTORY})
file(GLOB_RECURSE files ${root}/usr/share/man/*.[1-9]
	${root}/usr/share/doc/*/changelog.Debian)
execute_process(COMMAND gzip --no-name --best ${files}
	COMMAND_ERROR_IS_FATAL ANY)
execute_process(
	COMMAND ${CPACK_STRIP} --remove-section=.comment ${root}/usr/sbin/mbasyncserver
	COMMAND_ERROR_IS_FATAL ANY)
