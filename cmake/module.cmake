# One static library a module, as docs/layers.txt says: `name: dependency dependency`.
#
# A module's sources are src/<name>/*.cc without _test.cc, _fuzz.cc and _bench.cc; of sim they are
# sim/magazine*.cc and sim/lives.cc, the world of the demo (docs/decisions/0040-demo-world.md). It may include
# itself and what its row names; tools/check_layers.py checks the includes, and link_<name> proves
# that the whole archive links against the declared modules only.

function(ante_add_modules layers_file)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${layers_file})
  file(STRINGS ${layers_file} lines REGEX "^[a-z]+:")
  set(modules "")
  foreach(line IN LISTS lines)
    string(REGEX MATCH "^([a-z]+):(.*)$" _ "${line}")
    set(name ${CMAKE_MATCH_1})
    separate_arguments(needs UNIX_COMMAND "${CMAKE_MATCH_2}")
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*.cc)
    if(name STREQUAL sim)
      file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/sim/magazine*.cc ${CMAKE_SOURCE_DIR}/sim/lives*.cc)
    endif()
    list(FILTER sources EXCLUDE REGEX "_(test|fuzz|bench)\\.cc$|/main\\.cc$")
    if(NOT sources)
      continue()
    endif()
    list(APPEND modules ${name})
    add_library(ante_${name} STATIC ${sources})
    target_include_directories(ante_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
    if(name STREQUAL sim)
      target_include_directories(ante_sim PUBLIC ${CMAKE_SOURCE_DIR})
    endif()
    target_link_libraries(ante_${name} PRIVATE ante_flags)
    foreach(need IN LISTS needs)
      if(TARGET ante_${need})
        target_link_libraries(ante_${name} PUBLIC ante_${need})
      endif()
    endforeach()
    target_link_libraries(ante_${name} PUBLIC ${ANTE_EXTERNAL_${name}})
  endforeach()
  set(ANTE_MODULES ${modules} PARENT_SCOPE)
endfunction()

function(ante_add_binary)
  if(EXISTS ${CMAKE_SOURCE_DIR}/src/app/main.cc)
    add_executable(ante src/app/main.cc)
    target_link_libraries(ante PRIVATE ante_flags ante_app
                          $<$<CONFIG:Release>:${ANTE_ALLOCATOR}>)
    set_target_properties(ante PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
  endif()
endfunction()

# ante_test(NAME SOURCES... [LIBRARIES ...] [LABELS ...]): a GoogleTest program, its tests in ctest.
function(ante_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "SOURCES;LIBRARIES;LABELS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ante_flags ${arg_LIBRARIES} GTest::gtest_main)
  # What is tested is optimised; the tests themselves need not be, and build in half the time.
  target_compile_options(${name} PRIVATE $<IF:$<CONFIG:Release>,-O1,-O0>)
  set(labels ${arg_LABELS})
  if(NOT labels)
    set(labels unit)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 300)
  endif()
  foreach(label IN LISTS labels)
    if(NOT TARGET tests_${label})
      add_custom_target(tests_${label})  # what a preset that runs only this label has to build
    endif()
    add_dependencies(tests_${label} ${name})
  endforeach()
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES LABELS "${labels}"
                       TIMEOUT ${arg_TIMEOUT} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
endfunction()

# Modules whose threads are checked by the thread sanitizer (preset tsan runs the suites it names).
set(ANTE_TSAN_MODULES base journal profile decision report)

# What a preset that runs only one kind of test has to build; ante_test fills them.
foreach(label unit parser tsan)
  add_custom_target(tests_${label})
endforeach()

# Every module gets <name>_test from its *_test.cc and link_<name>; with ANTE_FUZZ one
# libFuzzer program for each *_fuzz.cc.
function(ante_add_module_tests)
  foreach(name IN LISTS ANTE_MODULES)
    file(GLOB_RECURSE tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*_test.cc)
    if(name STREQUAL sim)
      file(GLOB tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/sim/magazine_test.cc)
    endif()
    if(tests)
      ante_test(${name}_test SOURCES ${tests} LIBRARIES ante_${name})
      if(name IN_LIST ANTE_TSAN_MODULES)
        add_dependencies(tests_tsan ${name}_test)
      endif()
    endif()
    add_executable(link_${name} ${CMAKE_SOURCE_DIR}/cmake/link_test.cc)
    target_link_libraries(link_${name} PRIVATE
      -Wl,--whole-archive $<TARGET_FILE:ante_${name}> -Wl,--no-whole-archive ante_${name})
    add_test(NAME link.${name} COMMAND link_${name})
    set_tests_properties(link.${name} PROPERTIES LABELS link)
    if(ANTE_FUZZ)
      file(GLOB_RECURSE fuzzers CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${name}/*_fuzz.cc)
      foreach(source IN LISTS fuzzers)
        get_filename_component(fuzzer ${source} NAME_WE)
        add_executable(${fuzzer} ${source})
        target_link_libraries(${fuzzer} PRIVATE ante_flags ante_${name} -fsanitize=fuzzer)
      endforeach()
    endif()
  endforeach()
endfunction()
