// What Node.js loads as tfjs_binding.node: it loads the binding proper, which lies beside it, and hands over its exports.
//
// TensorFlow's libraries write to stderr while they are loaded, before they read TF_CPP_MIN_LOG_LEVEL and whatever it says.
// The binding proper is linked to them, so only who loads it can keep them quiet: with TF_CPP_MIN_LOG_LEVEL at 1 or more,
// file descriptor 2 is /dev/null until they are loaded. Messages of the dynamic linker are not lost: they become the error.

#include <dlfcn.h>
#include <fcntl.h>
#include <node_api.h>
#include <unistd.h>

#include <cstdlib>
#include <mutex>
#include <string>

#ifndef BINDING_FILE
#define BINDING_FILE "tfjs_binding_tensorflow.node"
#endif

namespace {

using Init = napi_value (*)(napi_env, napi_value);

// Two threads of Node.js may load the module at once, and file descriptors belong to the process.
std::mutex loading;

bool is_quiet() {
  const char* level = std::getenv("TF_CPP_MIN_LOG_LEVEL");
  return level != nullptr && std::atoi(level) >= 1;
}

// While it lives, what is written to file descriptor 2 is lost; if that cannot be arranged, it is not.
class QuietStderr {
 public:
  explicit QuietStderr(bool quiet) {
    if (!quiet) return;
    const int null_device = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (null_device < 0) return;
    saved_ = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (saved_ >= 0) dup2(null_device, STDERR_FILENO);
    close(null_device);
  }
  ~QuietStderr() {
    if (saved_ < 0) return;
    dup2(saved_, STDERR_FILENO);
    close(saved_);
  }
  QuietStderr(const QuietStderr&) = delete;
  QuietStderr& operator=(const QuietStderr&) = delete;

 private:
  int saved_ = -1;
};

// The binding proper, in the folder of this file.
std::string binding_path() {
  Dl_info info;
  if (dladdr(reinterpret_cast<const void*>(&is_quiet), &info) == 0) return BINDING_FILE;
  const std::string self = info.dli_fname;
  return self.substr(0, self.rfind('/') + 1) + BINDING_FILE;
}

}  // namespace

NAPI_MODULE_INIT() {
  const std::lock_guard<std::mutex> lock(loading);
  const char* problem = nullptr;
  Init init = nullptr;
  {
    const QuietStderr quiet(is_quiet());
    void* library = dlopen(binding_path().c_str(), RTLD_LAZY | RTLD_LOCAL);
    if (library != nullptr) init = reinterpret_cast<Init>(dlsym(library, "napi_register_module_v1"));
    if (init == nullptr) problem = dlerror();
  }
  if (init != nullptr) return init(env, exports);
  napi_throw_error(env, "ERR_DLOPEN_FAILED", problem == nullptr ? "the binding has no entry point" : problem);
  return nullptr;
}
