# Toolchain for another of Debian's architectures, with its cross compiler and
# with the packages that scripts/arch.sh has unpacked:
#
#   CROSS_ARCHITECTURE  Debian's name: armhf
#   CROSS_TRIPLET       arm-linux-gnueabihf
#   CROSS_PROCESSOR     as uname -m has it: armv7l
#   CROSS_ROOT          there is sysroot/, and packages/ with each on its own
#   CROSS_EMULATOR      what runs the programs here: qemu-arm

set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES CROSS_ARCHITECTURE CROSS_TRIPLET
	CROSS_PROCESSOR CROSS_ROOT CROSS_EMULATOR)

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${CROSS_PROCESSOR})
set(CMAKE_C_COMPILER ${CROSS_TRIPLET}-gcc)
set(CMAKE_SYSROOT ${CROSS_ROOT}/sysroot)
set(CMAKE_CROSSCOMPILING_EMULATOR ${CROSS_EMULATOR} -L ${CMAKE_SYSROOT})

# Programs are of this machine; all else is of the other one.
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

set(ENV{PKG_CONFIG_SYSROOT_DIR} ${CMAKE_SYSROOT})
set(ENV{PKG_CONFIG_LIBDIR}
	${CMAKE_SYSROOT}/usr/lib/${CROSS_TRIPLET}/pkgconfig:${CMAKE_SYSROOT}/usr/share/pkgconfig)
