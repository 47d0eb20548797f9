# Invented, in the format of 2i2c's files.
prefix     = "leap"
project_id = "leap-pangeo"
zone       = "us-central1-c"
region     = "us-central1"

user_buckets = {
  "scratch" : {
    "delete_after" : 7,
    "extra_admin_members" : [],
  },
  "persistent" : {
    "delete_after" : null,
    "extra_admin_members" : ["group:leap-persistent-bucket-writers@googlegroups.com"],
  },
  "persistent-ro" : {
    "delete_after" : null,
    "extra_admin_members" : ["group:leap-persistent-bucket-writers@googlegroups.com"],
    "uniform_bucket_level_access_only" : true,
  },
}

hub_cloud_permissions = {
  "prod" : {
    allow_access_to_external_requester_pays_buckets : true,
    bucket_admin_access : ["scratch", "persistent"],
    bucket_readonly_access : ["persistent-ro"],
    hub_namespace : "prod"
  }
}

notebook_nodes = {
  "n2-highmem-16" : {
    min : 1,
    machine_type : "n2-highmem-16",
  },
  "gpu-t4" : {
    machine_type : "n1-standard-8",
    zones : ["us-central1-a", "us-central1-b", "us-central1-c", "us-central1-f"]
  },
  "gpu-l4" : {
    machine_type : "g2-standard-4",
    zones : ["us-central1-a", "us-central1-b", "us-central1-c"]
  },
}

dask_nodes = {
  "n2-highmem-16" : {
    preemptible : false,
    machine_type : "n2-highmem-16"
  },
}
