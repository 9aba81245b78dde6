# register_test: a test, in the trees that are to run it.
#
# Each test has a home, which is the tree whose build shows most: "asan" has
# the sanitizers and the assertions, "release" is what users run, "fuzz" has
# libFuzzer. scripts/test configures one tree of each kind with TEST_TREE, runs
# one ctest over all of them, and so runs each test once. With TEST_AGAIN a tree
# also has the tests of other homes, under the name NAME.TREE. A tree without
# TEST_TREE is on its own and has every test.

set(TEST_TREE "" CACHE STRING
	"Register the tests whose home this is: asan, release or fuzz")
option(TEST_AGAIN "Register the tests of other homes as well" OFF)

# register_test(NAME HOME asan|release|fuzz
#	COMMAND WORD... NEEDS TARGET...
#	[LABELS LABEL...] [ENVIRONMENT NAME=VALUE...]
#	[LOAD THIRDS] [COST SECONDS] [HOME_ONLY] [MAY_SKIP])
#
# NEEDS are the targets that the test runs; the target needs-NAME builds them.
# LOAD is how many thirds of a core the test keeps busy. Most tests wait most of
# the time: for them it is 1, and scripts/test runs three of them per core. COST
# is about how long it takes, where that is long: ctest begins with those that
# take longest.
# TIMEOUT is only for what hangs: more than four times what the longest, "page",
# takes with the sanitizers on a busy machine.
# HOME_ONLY: what it tests is no C of ours, and the same in every tree.
# MAY_SKIP: exit status 77 means that this host can't run it.
function(register_test name)
	cmake_parse_arguments(PARSE_ARGV 1 test "HOME_ONLY;MAY_SKIP"
		"HOME;LOAD;COST" "COMMAND;NEEDS;LABELS;ENVIRONMENT")
	if(test_UNPARSED_ARGUMENTS)
		message(FATAL_ERROR
			"${name}: not understood: ${test_UNPARSED_ARGUMENTS}")
	endif()
	if(TEST_TREE AND NOT TEST_TREE STREQUAL test_HOME)
		if(NOT TEST_AGAIN OR test_HOME_ONLY)
			return()
		endif()
		string(APPEND name .${TEST_TREE})
	endif()

	add_test(NAME ${name} COMMAND ${test_COMMAND})
	add_custom_target(needs-${name})
	add_dependencies(needs-${name} ${test_NEEDS})
	set_tests_properties(${name} PROPERTIES
		TIMEOUT 1800
		LABELS "${test_LABELS}"
		ENVIRONMENT "${test_ENVIRONMENT}")
	if(test_LOAD)
		set_tests_properties(${name} PROPERTIES PROCESSORS ${test_LOAD})
	endif()
	if(test_COST)
		set_tests_properties(${name} PROPERTIES COST ${test_COST})
	endif()
	if(test_MAY_SKIP)
		set_tests_properties(${name} PROPERTIES SKIP_RETURN_CODE 77)
	endif()
endfunction()
