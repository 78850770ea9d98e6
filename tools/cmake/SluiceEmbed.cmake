# sluice_embed(TARGET FILE SYMBOL): compiles a file's bytes into a target as `extern const std::string_view SYMBOL` in sluice::embedded.

function(sluice_embed target file symbol)
  get_filename_component(source "${file}" ABSOLUTE)
  set(generated "${CMAKE_CURRENT_BINARY_DIR}/${symbol}.cpp")
  add_custom_command(
    OUTPUT "${generated}"
    COMMAND "${CMAKE_COMMAND}" -DSOURCE=${source} -DSYMBOL=${symbol} -DOUTPUT=${generated} -P "${CMAKE_SOURCE_DIR}/tools/cmake/embed_file.cmake"
    DEPENDS "${source}" "${CMAKE_SOURCE_DIR}/tools/cmake/embed_file.cmake"
    VERBATIM)
  target_sources(${target} PRIVATE "${generated}")
endfunction()
