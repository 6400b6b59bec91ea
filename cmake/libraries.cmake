# The libraries Ante uses, one interface target each, and the flags of every compilation.

find_package(Threads REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(simdjson REQUIRED)
pkg_check_modules(zstd REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(zlib REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(xxhash REQUIRED IMPORTED_TARGET libxxhash)

# Debian ships RocksDB as an archive without a config file that names its compressors.
find_library(ANTE_ROCKSDB librocksdb.a REQUIRED)
add_library(ante_rocksdb INTERFACE)
target_link_libraries(ante_rocksdb INTERFACE ${ANTE_ROCKSDB} snappy lz4 PkgConfig::zstd bz2
                                             PkgConfig::zlib Threads::Threads dl)

# The allocator of the program: a fifth less processor time an event than the C library's
# (docs/decisions/0052-allocator.md). Sanitizers bring their own.
find_library(ANTE_ALLOCATOR libtcmalloc_minimal.a REQUIRED)

# What each module uses besides the modules of its row in docs/layers.txt.
set(ANTE_EXTERNAL_base fmt::fmt spdlog::spdlog simdjson::simdjson PkgConfig::xxhash
                       OpenSSL::Crypto Threads::Threads)
set(ANTE_EXTERNAL_store ante_rocksdb)
set(ANTE_EXTERNAL_journal "")
set(ANTE_EXTERNAL_api PkgConfig::zlib)

add_library(ante_flags INTERFACE)
target_compile_options(ante_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow
  -Werror=unused-result -Werror=return-type -Werror=switch
  # g++ 12 sees overlaps in string concatenation that are none (its bug 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  # A source that is part of a larger one counts as a header there.
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<BOOL:${CMAKE_UNITY_BUILD}>>:-Wno-subobject-linkage>
  $<$<BOOL:${ANTE_WERROR}>:-Werror>)
if(ANTE_SANITIZE)
  add_compile_options(-fsanitize=${ANTE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${ANTE_SANITIZE})
endif()
