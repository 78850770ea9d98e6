# Run by "cmake --install": the systemd unit with its paths, the reference configuration, and /etc/sluice where nothing is yet.

set(root "$ENV{DESTDIR}")
# systemd's ConfigurationDirectory=sluice is /etc/sluice; an installation elsewhere (a home, a test) stays in its own folder.
if(CMAKE_INSTALL_PREFIX MATCHES "^(/usr|/usr/local)/?$")
  set(etc "/etc/sluice")
else()
  set(etc "${CMAKE_INSTALL_PREFIX}/etc/sluice")
endif()
set(bin "${CMAKE_INSTALL_PREFIX}/${bin_folder}")
set(doc "${CMAKE_INSTALL_PREFIX}/${doc_folder}")
set(unit "${root}${CMAKE_INSTALL_PREFIX}/lib/systemd/system/sluiced.service")
message(STATUS "Installing: ${unit}")
configure_file("${source_folder}/tools/packaging/systemd/sluiced.service.in" "${unit}" @ONLY)

# An upgrade must not undo an operator's edit: what is there stays, and the shipped files lie beside it to compare with.
file(GLOB_RECURSE shipped RELATIVE "${source_folder}/config" "${source_folder}/config/*.toml")
list(FILTER shipped EXCLUDE REGEX "^demo/")  # invented centres have no place in a real /etc
foreach(file IN LISTS shipped)
  get_filename_component(folder "/${file}" DIRECTORY)
  string(REGEX REPLACE "/$" "" folder "${folder}")
  file(INSTALL "${source_folder}/config/${file}" DESTINATION "${CMAKE_INSTALL_PREFIX}/${data_folder}/sluice/config${folder}")
  if(EXISTS "${root}${etc}/${file}")
    message(STATUS "Kept: ${root}${etc}/${file}")
  else()
    file(INSTALL "${source_folder}/config/${file}" DESTINATION "${etc}${folder}")
  endif()
endforeach()

# The unit refuses to start when these are missing; the last two may stay empty.
foreach(folder credentials credentials/connectors credentials/tls)
  file(MAKE_DIRECTORY "${root}${etc}/${folder}")
  file(CHMOD "${root}${etc}/${folder}" PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
endforeach()
