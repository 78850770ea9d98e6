# How everything is compiled: one place for language, warnings, sanitizers and output folders.

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

find_program(SLUICE_CCACHE ccache)
if(SLUICE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # A precompiled header is hashed by content, not by time, so a second clone still hits the cache.
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env
      "CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime" "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" "CCACHE_NOHASHDIR=true"
      "${SLUICE_CCACHE}")
endif()

find_program(SLUICE_MOLD mold)
if(SLUICE_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_library(sluice_options INTERFACE)
target_include_directories(sluice_options INTERFACE "${CMAKE_SOURCE_DIR}")
target_compile_options(sluice_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor -Woverloaded-virtual -Werror
  # GCC 12 sees uninitialised members inside std::expected and std::variant at -O2 that are not there; the preset dev looks for real ones.
  $<$<CONFIG:RelWithDebInfo>:-Wno-maybe-uninitialized>
  # Integers decide, but doubles guide the solver: the same bits on every machine.
  -ffp-contract=off -fno-fast-math)
target_compile_definitions(sluice_options INTERFACE $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)

if(SLUICE_SANITIZE)
  # What GCC knows of members' initialisation is lost among the checks: in std::function it then sees some that are missing.
  add_compile_options(-fsanitize=${SLUICE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -Wno-maybe-uninitialized)
  add_link_options(-fsanitize=${SLUICE_SANITIZE})
  if(SLUICE_SANITIZE MATCHES "thread")
    # Asio uses atomic_thread_fence, which GCC's TSan does not model; it only warns.
    add_compile_options(-Wno-tsan)
  endif()
endif()

# Several sources in one run of the compiler: what every source of a folder includes, and the templates it instantiates, are compiled once a
# run instead of once a source, which is two thirds of a build from nothing. A name in an anonymous namespace is therefore unique among the
# sources of its folder. The preset dev builds one by one, so that a change costs one source.
option(SLUICE_UNITE "Compile sources of a folder together" ON)

# sluice_unite(TARGET OUT SOURCES...): sets OUT to what to compile instead of SOURCES. CMake's own UNITY_BUILD writes absolute paths, with
# which no second clone would ever hit the compiler's cache.
function(sluice_unite target out)
  if(NOT SLUICE_UNITE)
    set(${out} ${ARGN} PARENT_SCOPE)
    return()
  endif()
  set(most_together 8)
  file(RELATIVE_PATH folder "${CMAKE_SOURCE_DIR}" "${CMAKE_CURRENT_SOURCE_DIR}")
  list(LENGTH ARGN sources)
  math(EXPR last "(${sources} - 1) / ${most_together}")
  set(united "")
  foreach(number RANGE ${last})
    math(EXPR first "${number} * ${most_together}")
    list(SUBLIST ARGN ${first} ${most_together} together)
    list(TRANSFORM together REPLACE "^.+$" "#include \"${folder}/\\0\"\n")
    string(CONCAT text ${together})
    set(file "${CMAKE_CURRENT_BINARY_DIR}/${target}_${number}.cpp")
    file(CONFIGURE OUTPUT "${file}" CONTENT "${text}" @ONLY)
    list(APPEND united "${file}")
  endforeach()
  # A class of a source may hold one from its anonymous namespace: GCC would only object in a header, for which it takes the source here.
  set_source_files_properties(${united} PROPERTIES COMPILE_OPTIONS -Wno-subobject-linkage)
  set(${out} ${united} PARENT_SCOPE)
endfunction()

# sluice_library(NAME SOURCES ... DEPENDS ...): one static library per folder, alias sluice::NAME.
function(sluice_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  sluice_unite(sluice_${name} sources ${ARG_SOURCES})
  add_library(sluice_${name} STATIC ${sources})
  add_library(sluice::${name} ALIAS sluice_${name})
  target_link_libraries(sluice_${name} PUBLIC sluice_options ${ARG_DEPENDS} PRIVATE ${ARG_PRIVATE_DEPENDS})
endfunction()

# sluice_executable(NAME SOURCES ... DEPENDS ...): a program in <build>/bin.
function(sluice_executable name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE sluice_options ${ARG_DEPENDS})
endfunction()
