# Compiler settings and the three functions that every CMakeLists.txt of the project uses.
# A folder under src/ is one library, cloudsync_<folder>, that links exactly the folders it may include
# (tools/check_layers.py checks the same table), so the linker agrees with the architecture.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(THREADS_PREFER_PTHREAD_FLAG ON)

set(CLOUDSYNC_SANITIZE "" CACHE STRING "Sanitizers to build with: address,undefined or thread")
option(CLOUDSYNC_CRASH_POINTS "Let tests kill the server at named moments (src/base/crash_point.h)" OFF)
option(CLOUDSYNC_FUZZ "Build the fuzz targets with libFuzzer (needs clang)" OFF)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  # pch_defines and time_macros let ccache work together with precompiled headers (ccache manual).
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} ${CCACHE_PROGRAM})
endif()

find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(LIBURING REQUIRED IMPORTED_TARGET liburing>=2.3)
pkg_check_modules(JEMALLOC REQUIRED IMPORTED_TARGET jemalloc>=5.3)
find_package(tl-expected REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(simdjson REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)

add_library(cloudsync_options INTERFACE)
target_include_directories(cloudsync_options INTERFACE "${CMAKE_SOURCE_DIR}/src")
target_compile_options(cloudsync_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual -Werror
  -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # These run after inlining, and g++ 12 misfires on its own std::string and std::vector (GCC bugs
  # 105329, 105651, 105762). What they look for is found for real by the sanitizer build.
  target_compile_options(cloudsync_options INTERFACE
    -Wno-array-bounds -Wno-maybe-uninitialized -Wno-restrict -Wno-stringop-overflow
    -Wno-stringop-overread)
endif()
target_link_libraries(cloudsync_options INTERFACE Threads::Threads tl::expected Boost::json)
find_program(MOLD_PROGRAM mold)
if(MOLD_PROGRAM)
  target_link_options(cloudsync_options INTERFACE -fuse-ld=mold)
endif()
if(CLOUDSYNC_SANITIZE)
  target_compile_options(cloudsync_options INTERFACE
    -fsanitize=${CLOUDSYNC_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(cloudsync_options INTERFACE -fsanitize=${CLOUDSYNC_SANITIZE})
endif()
if(CLOUDSYNC_FUZZ)
  target_compile_options(cloudsync_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# One precompiled header for all libraries and one for all tests: the standard library, Boost.JSON and
# GoogleTest take most of the time of a small translation unit. CONFIGURE leaves a file that is there
# alone, so that configuring again compiles nothing anew.
file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/pch.cc" CONTENT "")
set(CLOUDSYNC_PCH
  <algorithm> <array> <atomic> <chrono> <cstdint> <functional> <map> <memory> <mutex> <optional>
  <span> <string> <string_view> <unordered_map> <utility> <variant> <vector>
  <boost/json.hpp> <tl/expected.hpp>)
add_library(cloudsync_pch OBJECT "${CMAKE_BINARY_DIR}/pch.cc")
target_link_libraries(cloudsync_pch PRIVATE cloudsync_options)
target_precompile_headers(cloudsync_pch PRIVATE ${CLOUDSYNC_PCH})
add_library(cloudsync_test_pch OBJECT "${CMAKE_BINARY_DIR}/pch.cc")
target_link_libraries(cloudsync_test_pch PRIVATE cloudsync_options GTest::gmock)
target_precompile_headers(cloudsync_test_pch PRIVATE ${CLOUDSYNC_PCH} <gtest/gtest.h> <gmock/gmock.h>)
set(CLOUDSYNC_PCH_OPTIONS $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)  # for ccache
foreach(pch cloudsync_pch cloudsync_test_pch)
  target_compile_options(${pch} PRIVATE ${CLOUDSYNC_PCH_OPTIONS})
endforeach()
# Under the sanitizers the tests' own code is not optimised: it then compiles in two thirds of the time,
# and what takes time when it runs is the code under test.
set(CLOUDSYNC_TEST_OPTIONS)
if(CLOUDSYNC_SANITIZE)
  set(CLOUDSYNC_TEST_OPTIONS -O0)
endif()
target_compile_options(cloudsync_test_pch PRIVATE ${CLOUDSYNC_TEST_OPTIONS})

# cloudsync_library(NAME SOURCES a.cc … [DEPENDS base …] [LINK external …])
function(cloudsync_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;LINK" ${ARGN})
  add_library(cloudsync_${name} STATIC ${ARG_SOURCES})
  list(TRANSFORM ARG_DEPENDS PREPEND cloudsync_)
  target_link_libraries(cloudsync_${name}
    PUBLIC cloudsync_options ${ARG_DEPENDS} PRIVATE ${ARG_LINK})
  target_precompile_headers(cloudsync_${name} REUSE_FROM cloudsync_pch)
  target_compile_options(cloudsync_${name} PRIVATE ${CLOUDSYNC_PCH_OPTIONS})
endfunction()

# The libraries that have crash points: a definition for all would build all anew when it changes.
function(cloudsync_crash_points)
  foreach(name ${ARGN})
    if(CLOUDSYNC_CRASH_POINTS)
      target_compile_definitions(cloudsync_${name} PRIVATE CLOUDSYNC_CRASH_POINTS)
    endif()
  endforeach()
endfunction()

# cloudsync_executable(NAME OUTPUT name SOURCES a.cc … [DEPENDS …] [LINK …]): lands in the build root.
function(cloudsync_executable name)
  cmake_parse_arguments(ARG "" "OUTPUT" "SOURCES;DEPENDS;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  list(TRANSFORM ARG_DEPENDS PREPEND cloudsync_)
  target_link_libraries(${name} PRIVATE cloudsync_options ${ARG_DEPENDS} ${ARG_LINK})
  target_precompile_headers(${name} REUSE_FROM cloudsync_pch)
  target_compile_options(${name} PRIVATE ${CLOUDSYNC_PCH_OPTIONS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")
  if(ARG_OUTPUT)
    set_target_properties(${name} PROPERTIES OUTPUT_NAME ${ARG_OUTPUT})
  endif()
endfunction()

# cloudsync_test(NAME SOURCES a_test.cc … [DEPENDS …] [LINK …] [TIMEOUT seconds] [LABELS …] [OPTIMIZED]):
# one GoogleTest binary, one ctest entry. OPTIMIZED: its own code takes time to run, too.
function(cloudsync_test name)
  cmake_parse_arguments(ARG "OPTIMIZED" "TIMEOUT" "SOURCES;DEPENDS;LINK;LABELS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  list(TRANSFORM ARG_DEPENDS PREPEND cloudsync_)
  target_link_libraries(${name} PRIVATE
    cloudsync_options ${ARG_DEPENDS} ${ARG_LINK} GTest::gmock_main)
  if(ARG_OPTIMIZED)
    target_precompile_headers(${name} REUSE_FROM cloudsync_pch)
    target_compile_options(${name} PRIVATE ${CLOUDSYNC_PCH_OPTIONS})
  else()
    target_precompile_headers(${name} REUSE_FROM cloudsync_test_pch)
    target_compile_options(${name} PRIVATE ${CLOUDSYNC_PCH_OPTIONS} ${CLOUDSYNC_TEST_OPTIONS})
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
  set_tests_properties(${name} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
endfunction()
