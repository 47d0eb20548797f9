# Invented, in the format of 2i2c's files: the settings of Terraform.
prefix     = "ocean"
project_id = "example-ocean"
zone       = "europe-west1-b"
region     = "europe-west1"

user_buckets = {
  "scratch-staging" : {
    "delete_after" : 3
  },
  "scratch" : {
    "delete_after" : 30
  },
  "persistent" : {
    "delete_after" : null,
    "extra_admin_members" : ["group:ocean-writers@googlegroups.com"]
  },
  "archive" : {
    "delete_after" : null,
    "uniform_bucket_level_access_only" : true
  }
}

hub_cloud_permissions = {
  "staging" : {
    bucket_admin_access : ["scratch-staging"],
    hub_namespace : "staging"
  },
  "prod" : {
    allow_access_to_external_requester_pays_buckets : true,
    bucket_admin_access : ["scratch", "persistent"],
    bucket_readonly_access : ["archive"],
    hub_namespace : "prod"
  }
}

notebook_nodes = {
  "gpu" : {
    min : 0,
    max : 20,
    machine_type : "g2-standard-8",
    gpu : {
      enabled : true,
      type : "nvidia-l4",
      count : 1
    },
    zones : ["europe-west1-c", "europe-west1-b"]
  }
}

dask_nodes = {
  "n2-highmem-16" : {
    min : 0,
    max : 20,
    preemptible : false,
    machine_type : "n2-highmem-16"
  }
}
