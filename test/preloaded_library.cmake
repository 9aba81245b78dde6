# preloaded_library(NAME SOURCE...): to be loaded into the server, which must stay
# as it is: not instrumented.
function(preloaded_library name)
	add_library(${name} MODULE ${ARGN})
	target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/test/support)
	target_compile_definitions(${name} PRIVATE _GNU_SOURCE)
	target_compile_options(${name} PRIVATE -fno-sanitize=all)
	target_link_options(${name} PRIVATE -fno-sanitize=all)
endfunction()
