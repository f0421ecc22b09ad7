# What node-gyp takes from Node's own common.gypi where that is not installed: how to compile an addon that uses Node-API alone.
{
  'target_defaults': {
    'default_configuration': 'Release',
    'configurations': {
      'Debug': { 'cflags': [ '-g', '-O0' ] },
      'Release': { 'cflags': [ '-O3' ], 'defines': [ 'NDEBUG' ] },
    },
    'cflags': [ '-fPIC', '-pthread', '-Wall' ],
    'cflags_cc': [ '-fno-rtti', '-fno-exceptions' ],
    'ldflags': [ '-pthread' ],
    'conditions': [
      [ 'OS=="mac"', {
        'defines': [ '_DARWIN_USE_64_BIT_INODE=1' ],
        'xcode_settings': {
          'GCC_ENABLE_CPP_EXCEPTIONS': 'NO',
          'GCC_ENABLE_CPP_RTTI': 'NO',
          'GCC_OPTIMIZATION_LEVEL': '3',
          'MACOSX_DEPLOYMENT_TARGET': '12.0',
          'PREBINDING': 'NO',
        },
        'target_conditions': [
          [ '_type!="static_library"', { 'xcode_settings': { 'OTHER_LDFLAGS': [ '-Wl,-search_paths_first' ] } } ],
        ],
      } ],
    ],
  },
}
