# preloaded_library(NAME SOURCE...): to be loaded into the server, which must stay
# as it is: not instrumented. It may define a function by both of its names, such
# as pwrite and pwrite64, and so has the offsets of the system.
function(preloaded_library name)
	add_library(${name} MODULE ${ARGN})
	target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/test/support)
	target_compile_definitions(${name} PRIVATE _GNU_SOURCE)
	target_compile_options(${name} PRIVATE
		-U_FILE_OFFSET_BITS -fno-sanitize=all)
	target_link_options(${name} PRIVATE -fno-sanitize=all)
endfunction()
