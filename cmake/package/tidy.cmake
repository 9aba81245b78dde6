# Before a .deb is packed: what Debian's policy wants compressed, and stripped.
# The files of each component are in a folder of its name.

set(root ${CPACK_TEMPORARY_INSTALL_DIRECTORY})
file(GLOB_RECURSE files ${root}/*/usr/share/man/*.[1-9]
	${root}/*/usr/share/doc/*/changelog.Debian)
execute_process(COMMAND gzip --no-name --best ${files}
	COMMAND_ERROR_IS_FATAL ANY)
file(GLOB programs ${root}/server/usr/sbin/mbasyncserver
	${root}/tools/usr/bin/*)
execute_process(
	COMMAND ${CPACK_STRIP} --remove-section=.comment ${programs}
	COMMAND_ERROR_IS_FATAL ANY)
