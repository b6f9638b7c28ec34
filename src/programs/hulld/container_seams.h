#pragma once

#include "engine/containers/containers.h"
#include "engine/images/seams.h"
#include "engine/networks/seams.h"

/// What networks and images want of containers, said by the container family.
namespace hull::daemon {

class ContainerEndpoints final : public engine::NetworkUsers {
 public:
  explicit ContainerEndpoints(engine::Containers& containers) : containers_(containers) {}
  Result<std::unique_ptr<engine::HeldUser>> hold(const Call& call, const std::string& container) override;

 private:
  engine::Containers& containers_;
};

class ContainerCommits final : public engine::CommitInputs {
 public:
  explicit ContainerCommits(engine::Containers& containers) : containers_(containers) {}
  Result<void> with_commit_input(const Call& call, const std::string& container, Pause pause,
                                 const std::function<Result<void>(const engine::CommitInput&)>& work) override;

 private:
  engine::Containers& containers_;
};

}  // namespace hull::daemon
