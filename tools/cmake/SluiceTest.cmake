# sluice_test(NAME SOURCES ... DEPENDS ... [LABELS LABEL] [TIMEOUT SECONDS] [SERIAL]): a GoogleTest program; every case becomes a CTest test.
#
# LABELS long: only in a long run. TIMEOUT: for each case, default 300. SERIAL: runs alone, for cases that measure time.

find_package(GTest REQUIRED)
include(GoogleTest)

function(sluice_test name)
  cmake_parse_arguments(ARG "SERIAL" "TIMEOUT" "SOURCES;DEPENDS;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  # Only properties that are set: an empty list would swallow the next name.
  set(properties TIMEOUT ${ARG_TIMEOUT})
  if(ARG_SERIAL)
    list(APPEND properties RUN_SERIAL TRUE)
  endif()
  if(ARG_LABELS)
    list(APPEND properties LABELS ${ARG_LABELS})
  endif()
  sluice_unite(test_${name} sources ${ARG_SOURCES})
  add_executable(test_${name} ${sources})
  # What is tested is optimised as it ships; a test's own code runs once, and compiles in two thirds of the time.
  target_compile_options(test_${name} PRIVATE $<$<CONFIG:RelWithDebInfo>:-O1>)
  target_link_libraries(test_${name} PRIVATE sluice_options ${ARG_DEPENDS} GTest::gmock GTest::gtest_main)
  set_target_properties(test_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests")
  gtest_discover_tests(test_${name} TEST_PREFIX "${name}." DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
                       PROPERTIES ${properties})
endfunction()
