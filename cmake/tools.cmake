# The programs of the package mbasyncserver-tools, for people who test.
set(tools mbfault mbtorture)

# mbtorture(1) scores any Modbus/TCP server by the specification. It stands
# alone: from the rest it takes only the model, which shares nothing with the
# server. Its tests are beside it.
add_executable(mbtorture
	test/support/model.c
	test/torture/bytes.c
	test/torture/client.c
	test/torture/clients.c
	test/torture/differential.c
	test/torture/framing.c
	test/torture/functions.c
	test/torture/liveness.c
	test/torture/main.c
	test/torture/request.c
	test/torture/rtu.c
	test/torture/run.c
	test/torture/score.c
	test/torture/secure.c
	test/torture/special.c
	test/torture/streams.c)
target_include_directories(mbtorture PRIVATE test/support)
target_compile_definitions(mbtorture PRIVATE _GNU_SOURCE)
target_link_libraries(mbtorture PRIVATE PkgConfig::OPENSSL)
if(COVERAGE) # which is measured of the server
	target_compile_options(mbtorture PRIVATE
		-fno-profile-arcs -fno-test-coverage)
endif()
