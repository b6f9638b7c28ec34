# What the programs say they are built from: HULL_REVISION (short git commit) and HULL_REVISION_TIME (RFC 3339), both
# empty outside of a clone. Known at configure time; dev/build configures each time.
foreach(field HULL_REVISION:%h HULL_REVISION_TIME:%cI)
  string(REPLACE ":" ";" field ${field})
  list(GET field 0 name)
  list(GET field 1 format)
  execute_process(COMMAND git -C ${CMAKE_SOURCE_DIR} log -1 --format=${format} OUTPUT_VARIABLE ${name} ERROR_QUIET
                  OUTPUT_STRIP_TRAILING_WHITESPACE)
endforeach()
