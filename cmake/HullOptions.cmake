# Compiler flags of the whole tree.
set(HULL_SANITIZE "" CACHE STRING "Sanitizers for -fsanitize=, for example address,undefined")

add_compile_options(-Wall -Wextra -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough -Wvla -Werror
                    -Wno-missing-field-initializers  # designated initializers leave out what keeps its default
                    -fno-omit-frame-pointer -fstack-protector-strong)
add_compile_definitions(_GNU_SOURCE _FILE_OFFSET_BITS=64)
# Paths in messages are relative, so that two build trees make the same objects (and share a ccache).
add_compile_options(-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)

set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
set(CMAKE_C_FLAGS_DEBUG "-O0 -g1")
if(CMAKE_BUILD_TYPE STREQUAL Release)
  # With optimization GCC 12 is wrong about std::string's memcpy (PR105329, PR105651).
  add_compile_options(-Wno-array-bounds -Wno-restrict -Wno-stringop-overflow -Wno-stringop-overread)
  add_compile_definitions(_FORTIFY_SOURCE=2)
  # A daemon's idle memory is mostly its own text: what nobody calls is left out.
  add_compile_options(-ffunction-sections -fdata-sections)
  add_link_options(-Wl,--gc-sections)
endif()
if(HULL_SANITIZE)
  add_compile_options(-fsanitize=${HULL_SANITIZE} -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=${HULL_SANITIZE})
endif()
add_link_options(-Wl,--as-needed -Wl,-z,relro,-z,now)

# Without the sloppiness ccache does not cache what uses a precompiled header (ccache(1), "Precompiled headers").
find_program(HULL_CCACHE ccache)
if(HULL_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros ${HULL_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()
