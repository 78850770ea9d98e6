# Every outside library, found once. Names are those of Debian 12 packages; tools/install-packages installs them.

set(Boost_NO_WARN_NEW_VERSIONS ON)
find_package(Boost 1.81 EXACT REQUIRED)                       # Asio, Beast: headers only
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(CURL REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(spdlog 1.10 REQUIRED)
find_package(RocksDB 7.8 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(tomlplusplus 3.3 REQUIRED)
find_package(simdjson REQUIRED)
find_package(prometheus-cpp REQUIRED COMPONENTS core)
find_package(PkgConfig REQUIRED)
pkg_check_modules(SYSTEMD REQUIRED IMPORTED_TARGET libsystemd)
if(NOT SLUICE_SANITIZE)                                       # sanitizers bring an allocator of their own
  pkg_check_modules(JEMALLOC REQUIRED IMPORTED_TARGET jemalloc)
endif()

add_library(sluice_asio INTERFACE)                            # what every Asio user compiles with
target_include_directories(sluice_asio SYSTEM INTERFACE ${Boost_INCLUDE_DIRS})
target_compile_definitions(sluice_asio INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE)
# GCC 12 takes the recycling allocator of Asio's coroutine frames for a mismatch when it inlines only one half of it.
target_compile_options(sluice_asio INTERFACE -Wno-mismatched-new-delete)
target_link_libraries(sluice_asio INTERFACE Threads::Threads OpenSSL::SSL OpenSSL::Crypto)
add_library(sluice::asio ALIAS sluice_asio)
