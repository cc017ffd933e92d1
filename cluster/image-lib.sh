# shellcheck shell=bash
# Sourced by the scripts that build and load images, with Docker if it runs, otherwise with buildah.

# The control plane's images have no registry and must not be pulled.
cluster_repository=cluster.local
cluster_image() { printf '%s/%s:%s' "$cluster_repository" "$1" "$2"; }
pause_image=$(cluster_image pause 3.10.2)
etcd_image=$(cluster_image etcd "${etcd_version#v}")
coredns_image=$(cluster_image coredns "$coredns_version")
# These have the names that can be pulled elsewhere, so that the same files serve both.
debian_image=docker.io/library/debian:trixie-slim
traefik_image=docker.io/library/traefik:$traefik_version
local_path_image=docker.io/rancher/local-path-provisioner:$local_path_version
export pause_image etcd_image coredns_image traefik_image local_path_image debian_image

export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=overlay

archive_of() { printf '%s/images/%s.tar' "$cache" "$(printf '%s' "$1" | tr '/:' '__')"; }

# build_image IMAGE CONTEXT [ARGUMENT…]: builds the context's Dockerfile, or $DOCKERFILE.
build_image() {
  local image=$1 context=$2 apt
  shift 2
  set -- --file "${DOCKERFILE:-$context/Dockerfile}" --tag "$image" "$@" "$context"
  if [ "$engine" = docker ]; then
    docker build "$@"
    return
  fi
  apt=$(mktemp -d)
  apt_of_base "$apt"
  # Packages of the distribution write there during their installation.
  buildah bud --pull-never --layers --volume "$apt:/etc/apt" "$@"
  rm -rf "$apt"
}

# save_image IMAGE: saves it into the cache, atomically.
save_image() {
  local archive
  archive=$(archive_of "$1")
  mkdir -p "$(dirname "$archive")"
  rm -f "$archive.new"
  buildah push --quiet "$1" "docker-archive:$archive.new:$1"
  mv "$archive.new" "$archive"
}

has_image() {
  if [ "$engine" = docker ]; then
    docker image inspect "$1" >/dev/null 2>&1
  else
    buildah inspect --type image "$1" >/dev/null 2>&1
  fi
}

# The Debian base: pulled by Docker; made by debootstrap where there is no engine to pull with.
ensure_debian_base() {
  [ "$engine" = buildah ] || return 0
  if ! [ -e "$(archive_of "$debian_image")" ]; then
    step "Making the base image $debian_image" make_debian_base
  elif ! has_image "$debian_image"; then
    step "Restoring the base image $debian_image" buildah pull --quiet "docker-archive:$(archive_of "$debian_image")"
  fi
}

make_debian_base() {
  local target container
  target=$(mktemp -d)
  debootstrap --variant=minbase trixie "$target" "$(debian_site Debian)"
  # Slim, as the image of that name is: a container needs no manuals, and packages installed later bring none.
  (cd "$target/usr/share" && find doc -type f ! -name copyright -delete && rm -rf groff info lintian locale man)
  printf 'path-exclude /usr/share/%s/*\n' doc groff info lintian locale man >"$target/etc/dpkg/dpkg.cfg.d/slim"
  printf 'path-include /usr/share/doc/*/copyright\n' >>"$target/etc/dpkg/dpkg.cfg.d/slim"
  rm -rf "$target"/var/cache/apt/archives/*.deb "$target"/var/lib/apt/lists/* "$target"/var/log/*
  # The image must not contain data of this machine: neither its mirror, nor its name.
  rm -f "$target"/etc/apt/sources.list "$target"/etc/resolv.conf "$target"/etc/hostname
  # debootstrap may leave these mounted where the caller's mounts are its own.
  umount "$target"/proc "$target"/sys 2>/dev/null || true
  chmod 755 "$target"
  container=$(buildah from scratch)
  buildah add --quiet "$container" "$target" /
  buildah config --cmd bash --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
  buildah commit --quiet --rm "$container" "$debian_image"
  rm -rf --one-file-system "$target"
  save_image "$debian_image"
}

# debian_site LABEL: where this machine's own apt gets the archive of that label from.
debian_site() {
  local site
  site=$(apt-get indextargets --format '$(CREATED_BY)|$(LABEL)|$(SITE)' 2>/dev/null |
    awk -F'|' -v label="$1" '$1 == "Packages" && $2 == label { print $3; exit }')
  [ -n "$site" ] || die "this machine's apt sources name no archive labelled $1, or its lists are empty (apt-get update)"
  printf '%s' "$site"
}

# apt_of_base FOLDER: this machine's apt configuration, with the base's release instead of its own.
apt_of_base() {
  local keyring=/usr/share/keyrings/debian-archive-keyring.gpg security
  cp -r /etc/apt/. "$1"
  rm -rf "$1"/sources.list "$1"/sources.list.d/* "$1"/preferences "$1"/preferences.d/* "$1"/apt.conf.d/docker-*
  printf 'Types: deb\nURIs: %s\nSuites: trixie trixie-updates\nComponents: main\nSigned-By: %s\n' \
    "$(debian_site Debian)" "$keyring" >"$1/sources.list.d/debian.sources"
  if security=$(debian_site Debian-Security 2>/dev/null); then
    printf '\nTypes: deb\nURIs: %s\nSuites: trixie-security\nComponents: main\nSigned-By: %s\n' \
      "$security" "$keyring" >>"$1/sources.list.d/debian.sources"
  fi
}
