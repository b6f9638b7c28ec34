#include "supervisor/tasks/task_runtime.h"

#include "base/log.h"

namespace hull::supervisor {

Result<std::unique_ptr<TaskRuntime>> TaskRuntime::start(TasksConfig config, Exchange& exchange,
                                                        ContainerSource& containers) {
  std::unique_ptr<TaskRuntime> runtime(new TaskRuntime);
  runtime->loop_ = TRY(EventLoop::create());
  runtime->endpoint_ = TRY(ShimEndpoint::create(*runtime->loop_, exchange, config.shims.ttrpc_address));
  runtime->tasks_ = std::make_unique<Tasks>(std::move(config), *runtime->loop_, exchange, containers);
  runtime->thread_ = TRY(Thread::start("shims", [loop = runtime->loop_.get()] {
    if (const auto ran = loop->run(); !ran.ok()) logging::error("serve shims", {{"error", ran.error().message()}});
  }));
  TRY(runtime->tasks_->restore());
  return runtime;
}

TaskRuntime::~TaskRuntime() {
  if (thread_.joinable()) {
    loop_->stop();
    thread_.join();
  }
  tasks_.reset();
  endpoint_.reset();
}

}  // namespace hull::supervisor
